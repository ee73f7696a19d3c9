// What the service, the task and its containers are set to, and how their agents do.
#include "feature/doctor/checks.hpp"
#include "feature/doctor/fixes.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ferry::feature {
namespace {

constexpr std::string_view kEnabled = "exec-enabled";
constexpr std::string_view kContainer = "container";
constexpr std::string_view kAgent = "agent";

bool is_linux(const Facts& facts) {
  const TaskDefinitionFacts* definition = known(facts.definition);
  return definition == nullptr || !definition->os_family.starts_with("WINDOWS");
}

Fixes redeploy(const Facts& facts) {
  const ServiceFacts* service = known(facts.service);
  if (service == nullptr) return enable_exec(facts);
  Fixes fixes;
  fixes.commands = update_service(facts, *service, {{"forceNewDeployment", true}});
  fixes.terraform = terraform_in("aws_ecs_service", service->name, "force_new_deployment = true");
  return fixes;
}

// Names that the agent's own credential chain prefers to the task role.
std::vector<std::string> keys_among(const std::vector<std::string>& variables) {
  constexpr std::array<std::string_view, 3> kKeys{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                                  "AWS_SESSION_TOKEN"};
  std::vector<std::string> found;
  for (const std::string_view key : kKeys) {
    if (std::ranges::find(variables, key) != variables.end()) found.emplace_back(key);
  }
  return found;
}

Finding keys_in_container(const Facts& facts, const std::string& container,
                          const std::vector<std::string>& keys, bool from_overrides) {
  Fixes fixes;
  if (from_overrides) {
    fixes = enable_exec(facts);
  } else {
    fixes = new_revision(
        facts,
        fmt::format(
            "del(.containerDefinitions[] | select(.name == \"{}\") | (.environment, .secrets) | .[]? | "
            "select(.name | IN(\"{}\")))",
            container, fmt::join(keys, "\", \"")),
        fmt::format("# in container_definitions, container {}: leave {} out of environment and secrets",
                    container, fmt::join(keys, ", ")));
  }
  return wrong(
      std::string(kContainer), fmt::format("container {} has {} set", container, fmt::join(keys, ", ")),
      from_overrides ? "the exec agent then uses these instead of the task role; start the task without them"
                     : "the exec agent then uses these instead of the task role",
      std::move(fixes));
}

// Whether `folder` is `mounted` or lies below it.
bool is_within(std::string_view folder, std::string_view mounted) {
  while (mounted.ends_with('/')) mounted.remove_suffix(1);
  return folder.starts_with(mounted) && (folder.size() == mounted.size() || folder[mounted.size()] == '/');
}

// The folders that the exec agent writes to and that no writable mount covers. Where the agent's own program
// lies differs from platform to platform, and ECS mounts that itself.
std::vector<std::string> closed_folders(const ContainerDefinitionFacts& container) {
  constexpr std::array<std::string_view, 2> kAgentFolders{"/var/lib/amazon/ssm", "/var/log/amazon/ssm"};
  std::vector<std::string> closed;
  for (const std::string_view folder : kAgentFolders) {
    const bool is_writable =
        std::ranges::any_of(container.writable_mounts,
                            [folder](const std::string& mounted) { return is_within(folder, mounted); });
    if (!is_writable) closed.emplace_back(folder);
  }
  return closed;
}

Finding read_only_root(const Facts& facts, const std::string& name, const std::vector<std::string>& closed) {
  return wrong(
      std::string(kContainer), fmt::format("container {} has a read-only root file system", name),
      fmt::format("the exec agent has to write to it; writable volumes on {} serve too",
                  fmt::join(closed, " and ")),
      new_revision(
          facts,
          fmt::format("(.containerDefinitions[] | select(.name == \"{}\")).readonlyRootFilesystem = false",
                      name),
          fmt::format("# in container_definitions, container {}:\nreadonlyRootFilesystem = false", name)));
}

void check_definition(const Facts& facts, const ContainerDefinitionFacts& container, Findings& findings) {
  const std::string& name = container.name;
  bool is_fine = true;
  const std::vector<std::string> closed = container.has_read_only_root && is_linux(facts)
                                              ? closed_folders(container)
                                              : std::vector<std::string>{};
  if (!closed.empty()) {
    findings.push_back(read_only_root(facts, name, closed));
    is_fine = false;
  }
  if (const std::vector<std::string> keys = keys_among(container.variables); !keys.empty()) {
    findings.push_back(keys_in_container(facts, name, keys, false));
    is_fine = false;
  }
  if (!is_fine) return;
  const std::string what =
      fmt::format("container {}{}", name,
                  container.has_read_only_root && is_linux(facts)
                      ? ", its root file system read-only, the exec agent's folders mounted writable"
                      : "");
  if (!container.has_init_process && is_linux(facts)) {
    findings.push_back(
        advised(std::string(kContainer), what,
                "linuxParameters.initProcessEnabled is advised: it reaps what sessions leave"));
  } else {
    findings.push_back(fine(std::string(kContainer), what));
  }
}

void check_overrides(const Facts& facts, Findings& findings) {
  const TaskFacts* task = known(facts.task);
  if (task == nullptr) return;
  for (const ContainerState& container : task->containers) {
    const std::vector<std::string> keys = keys_among(container.override_variables);
    if (is_meant(facts, container.name) && !keys.empty())
      findings.push_back(keys_in_container(facts, container.name, keys, true));
  }
}

Finding agent_of(const Facts& facts, const ContainerState& container) {
  const std::string name(kAgent);
  if (container.last_status == "STOPPED") {
    const std::string what = fmt::format("container {} has stopped", container.name);
    if (facts.container.empty()) return fine(name, what, "the task goes on without it");
    return wrong(name, what, container.reason.empty() ? "exec enters containers that run" : container.reason,
                 redeploy(facts));
  }
  if (container.agent_status.empty()) {
    return cannot_tell(name, fmt::format("the exec agent of container {}", container.name),
                       "the task reports none for it");
  }
  const std::string what =
      fmt::format("the exec agent of container {} is {}", container.name, container.agent_status);
  if (container.agent_status == "RUNNING") return fine(name, what);
  if (container.agent_status == "PENDING")
    return cannot_tell(name, what, "it is still starting: wait, then ask again");
  std::string why =
      container.agent_reason.empty()
          ? std::string("it gives no reason; what is wrong above, if anything, is the likely one")
          : fmt::format("its reason: {}", container.agent_reason);
  why += "; only a new task gets a new agent";
  return wrong(name, what, std::move(why), redeploy(facts));
}

}  // namespace

void check_exec_enabled(const Facts& facts, Findings& findings) {
  const std::string name(kEnabled);
  const ServiceFacts* service = known(facts.service);
  const TaskFacts* task = known(facts.task);
  const bool is_off_in_service = service != nullptr && !service->exec_enabled;
  if (task != nullptr && task->exec_enabled) {
    const std::string what = fmt::format("exec is enabled for task {}", task->id);
    findings.push_back(is_off_in_service
                           ? advised(name, what, "not for the service: its next tasks cannot be entered")
                           : fine(name, what));
  } else if (is_off_in_service) {
    findings.push_back(wrong(name, fmt::format("exec is not enabled for service {}", service->name),
                             "it holds for tasks that start after it was enabled", enable_exec(facts)));
  } else if (task != nullptr && service != nullptr) {
    findings.push_back(wrong(
        name, fmt::format("exec is enabled for service {}, but not for task {}", service->name, task->id),
        "the task started before it was enabled: only a new one has it", redeploy(facts)));
  } else if (task != nullptr) {
    findings.push_back(wrong(name, fmt::format("exec is not enabled for task {}", task->id),
                             "that cannot be changed while it runs: start it anew", enable_exec(facts)));
  } else if (service != nullptr) {
    findings.push_back(fine(name, fmt::format("exec is enabled for service {}", service->name)));
  } else {
    findings.push_back(
        advised(name, "exec is enabled when a task is started", "ferry run --enable-execute-command"));
  }
}

void check_containers(const Facts& facts, Findings& findings) {
  const TaskDefinitionFacts* definition = known(facts.definition);
  if (definition == nullptr) {
    const std::string why = facts.definition ? "there is no task definition" : facts.definition.error().what;
    findings.push_back(cannot_tell(std::string(kContainer), "how the containers are defined", why));
    return;
  }
  for (const ContainerDefinitionFacts& container : definition->containers) {
    if (is_meant(facts, container.name)) check_definition(facts, container, findings);
  }
  check_overrides(facts, findings);
  if (definition->pid_mode == "task") {
    findings.push_back(fine("pid-mode", "the containers share one PID namespace (pidMode task)",
                            "one exec session at a time in the whole task"));
  }
}

void check_agent(const Facts& facts, Findings& findings) {
  const TaskFacts* task = known(facts.task);
  if (task == nullptr || !task->exec_enabled || task->last_status != "RUNNING" ||
      task->desired_status == "STOPPED")
    return;
  for (const ContainerState& container : task->containers) {
    if (is_meant(facts, container.name)) findings.push_back(agent_of(facts, container));
  }
}

void check_open_sessions(const Facts& facts, Findings& findings) {
  const TaskFacts* task = known(facts.task);
  if (task == nullptr || !task->exec_enabled || task->last_status != "RUNNING") return;
  const std::string name = "sessions";
  if (!facts.open_sessions) {
    findings.push_back(cannot_tell(name, "how many sessions are open", facts.open_sessions.error().what));
    return;
  }
  const TaskDefinitionFacts* definition = known(facts.definition);
  const bool shares_processes = definition != nullptr && definition->pid_mode == "task";
  const std::size_t limit = shares_processes ? 1 : 2;
  const std::size_t open = facts.open_sessions->size();
  if (open < limit) {
    findings.push_back(fine(name, fmt::format("{} of {} sessions open", open, limit)));
    return;
  }
  Fixes fixes;
  fixes.commands =
      ferry_line(facts, "ssm", "TerminateSession", {{"SessionId", facts.open_sessions->front()}});
  findings.push_back(
      wrong(name, fmt::format("{} of {} sessions are open", open, limit),
            fmt::format("another one has to wait for an end: {}", fmt::join(*facts.open_sessions, ", ")),
            std::move(fixes)));
}

}  // namespace ferry::feature

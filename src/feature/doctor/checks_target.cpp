// Is the target there, does a task of it run, and can its platform have exec at all?
#include "base/near_names.hpp"
#include "base/text.hpp"
#include "feature/doctor/checks.hpp"
#include "feature/doctor/fixes.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ferry::feature {
namespace {

constexpr std::string_view kTarget = "target";
constexpr std::string_view kTask = "task";
constexpr std::string_view kPlatform = "platform";

std::string name_of_target(const Facts& facts) {
  return facts.task_definition_asked.empty() ? describe(facts.target)
                                             : fmt::format("task definition {}", facts.task_definition_asked);
}

// "did you mean web? check the name": the question, where there is one, comes first.
std::string with_near(const std::string& question, const std::string& advice) {
  return question.empty() ? advice : fmt::format("{} {}", question, advice);
}

Fixes listing(std::string line) {
  return {.commands = std::move(line), .terraform = {}};
}

// As many as one answer holds: ListServices gives 10 where nothing is said.
std::string services_line(const Facts& facts) {
  constexpr int kMostInOneAnswer = 100;
  return ferry_line(facts, "ecs", "ListServices",
                    {{"cluster", facts.target.cluster}, {"maxResults", kMostInOneAnswer}});
}

bool check_region(const Facts& facts, Findings& findings) {
  if (facts.target.region.empty() || facts.target.region == facts.region) return true;
  findings.push_back(
      wrong("region",
            fmt::format("the target is in region {}, and {} was asked", facts.target.region, facts.region),
            "a region knows only its own tasks",
            listing(fmt::format("export AWS_REGION={}", facts.target.region))));
  return false;
}

bool check_cluster(const Facts& facts, Findings& findings) {
  if (!facts.task_definition_asked.empty()) return true;
  if (!facts.cluster) {
    findings.push_back(cannot_tell("cluster", "the cluster's settings", facts.cluster.error().what));
    return true;
  }
  if (facts.cluster->status == "ACTIVE") return true;
  const bool is_missing = facts.cluster->status == "MISSING";
  findings.push_back(
      wrong("cluster",
            fmt::format("{} cluster {} in region {}", is_missing ? "there is no" : "nothing runs any more in",
                        facts.target.cluster, facts.region),
            is_missing ? with_near(did_you_mean(last_part(facts.target.cluster), facts.near_names),
                                   "check the name, the region and the account of the credentials")
                       : fmt::format("its status is {}", facts.cluster->status),
            listing(ferry_line(facts, "ecs", "ListClusters"))));
  return false;
}

// What the target's kind needs to be there: none of it, or a failure that kept us from seeing it.
struct Presence {
  bool is_there = false;
  const Failure* unreadable = nullptr;
};

Presence presence(const Facts& facts) {
  Presence found;
  const auto look = [&found](const auto& fact) {
    if (!fact && found.unreadable == nullptr) found.unreadable = &fact.error();
    found.is_there = found.is_there || known(fact) != nullptr;
  };
  const bool is_definition = !facts.task_definition_asked.empty();
  if (!is_definition && facts.target.kind == Target::Kind::service) {
    look(facts.service);
    // A service that cannot be described can still be seen by its tasks.
    if (found.unreadable != nullptr) look(facts.task);
    return found;
  }
  if (!is_definition) look(facts.task);
  if (is_definition || facts.target.kind == Target::Kind::family) look(facts.definition);
  return found;
}

Finding missing(const Facts& facts) {
  std::string why = "check the name, the cluster (--cluster, FERRY_CLUSTER) and the region";
  std::string line = services_line(facts);
  if (!facts.task_definition_asked.empty() || facts.target.kind == Target::Kind::family) {
    why = "check the name and the region";
    line = ferry_line(facts, "ecs", "ListTaskDefinitionFamilies", {{"status", "ACTIVE"}});
  } else if (facts.target.kind == Target::Kind::task) {
    why = "a stopped task is forgotten after about an hour";
    line = ferry_line(facts, {"ps", last_part(facts.target.cluster)});
  }
  return wrong(std::string(kTarget),
               fmt::format("there is no {} (region {})", name_of_target(facts), facts.region),
               with_near(did_you_mean(facts.target.name, facts.near_names), why), listing(std::move(line)));
}

bool check_presence(const Facts& facts, Findings& findings) {
  const Presence found = presence(facts);
  if (!found.is_there && found.unreadable != nullptr) {
    findings.push_back(cannot_tell(std::string(kTarget), name_of_target(facts), found.unreadable->what));
    return false;
  }
  if (!found.is_there) {
    findings.push_back(missing(facts));
    return false;
  }
  const ServiceFacts* service = known(facts.service);
  if (service != nullptr && facts.target.kind == Target::Kind::service && service->status != "ACTIVE") {
    findings.push_back(
        wrong(std::string(kTarget),
              fmt::format("{} was deleted: its status is {}", describe(facts.target), service->status),
              "a deleted service starts no tasks", listing(services_line(facts))));
    return false;
  }
  findings.push_back(fine(std::string(kTarget), name_of_target(facts)));
  return true;
}

bool check_container_name(const Facts& facts, Findings& findings) {
  const TaskDefinitionFacts* definition = known(facts.definition);
  if (facts.container.empty() || definition == nullptr) return true;
  std::vector<std::string> names;
  names.reserve(definition->containers.size());
  for (const ContainerDefinitionFacts& container : definition->containers) names.push_back(container.name);
  if (std::ranges::find(names, facts.container) != names.end()) return true;
  findings.push_back(wrong(
      std::string(kTarget), fmt::format("{} has no container '{}'", definition->family, facts.container),
      with_near(did_you_mean(facts.container, names), fmt::format("it has: {}", fmt::join(names, ", "))),
      {}));
  return false;
}

std::string events_line(const Facts& facts, const ServiceFacts& service) {
  const boost::json::object input{{"cluster", facts.target.cluster},
                                  {"services", boost::json::array{boost::json::string(service.name)}}};
  return ferry_line(facts, "ecs", "DescribeServices", input) + " |\n  jq '.services[0].events[:5][].message'";
}

Finding nothing_runs(const Facts& facts) {
  const ServiceFacts* service = known(facts.service);
  if (service == nullptr) {
    return cannot_tell(std::string(kTask), "no task of it runs",
                       "what follows is about the task definition; exec needs a task that runs");
  }
  if (service->desired_count == 0) {
    Fixes fixes;
    fixes.commands = update_service(facts, *service, {{"desiredCount", 1}});
    fixes.terraform = terraform_in("aws_ecs_service", service->name, "desired_count = 1");
    return wrong(std::string(kTask), fmt::format("service {} wants no tasks", service->name),
                 "its desired count is 0, and exec enters tasks that run", std::move(fixes));
  }
  const std::string event = service->newest_event.empty()
                                ? "the service has no events yet"
                                : fmt::format("its newest event: {}", service->newest_event);
  return wrong(std::string(kTask),
               fmt::format("service {} runs none of the {} tasks that it wants", service->name,
                           service->desired_count),
               event, listing(events_line(facts, *service)));
}

bool is_at_its_end(const TaskFacts& task) {
  constexpr std::array<std::string_view, 5> kEnding{"DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED",
                                                    "DELETED"};
  return task.desired_status == "STOPPED" || std::ranges::find(kEnding, task.last_status) != kEnding.end();
}

Finding ended(const Facts& facts, const TaskFacts& task) {
  std::string why = "exec enters tasks that run; ";
  why += task.stopped_reason.empty() ? std::string("no reason is known")
                                     : fmt::format("reason: {}", task.stopped_reason);
  for (const ContainerState& container : task.containers) {
    if (!container.reason.empty()) why += fmt::format("; container {}: {}", container.name, container.reason);
  }
  const ServiceFacts* service = known(facts.service);
  if (service != nullptr && service->desired_count == 0) return nothing_runs(facts);
  Fixes fixes;
  if (service != nullptr) {
    const std::string place = fmt::format("{}/{}", last_part(facts.target.cluster), service->name);
    fixes = listing(ferry_line(facts, {"ps", place}));
  } else {
    fixes = enable_exec(facts);
  }
  return wrong(std::string(kTask), fmt::format("task {} is {}", task.id, task.last_status), std::move(why),
               std::move(fixes));
}

bool is_windows(const Facts& facts) {
  const TaskDefinitionFacts* definition = known(facts.definition);
  const TaskFacts* task = known(facts.task);
  const ServiceFacts* service = known(facts.service);
  const auto begins = [](std::string_view text) { return to_lower(text).starts_with("windows"); };
  return (definition != nullptr && begins(definition->os_family)) ||
         (task != nullptr && begins(task->platform_family)) ||
         (service != nullptr && begins(service->platform_family));
}

// Fargate's platform for Linux has exec from 1.4.0 on. Nothing where the version is none ("1.x").
std::optional<bool> has_exec(std::string_view version) {
  if (version.empty() || version == "LATEST") return true;
  const std::vector<std::string_view> parts = split(version, '.');
  const std::optional<std::int64_t> major = parse_integer(parts[0]);
  const std::optional<std::int64_t> minor = parts.size() < 2 ? std::nullopt : parse_integer(parts[1]);
  if (!major || !minor) return std::nullopt;
  return *major > 1 || (*major == 1 && *minor >= 4);
}

Finding fargate(const Facts& facts, const std::string& version) {
  const std::optional<bool> able = has_exec(version);
  if (!able)
    return cannot_tell(std::string(kPlatform), "Fargate's platform",
                       fmt::format("its version is '{}'", version));
  if (*able)
    return fine(std::string(kPlatform),
                fmt::format("Fargate, platform {}", version.empty() ? "LATEST" : version));
  Fixes fixes = enable_exec(facts, "LATEST");
  if (const ServiceFacts* service = known(facts.service)) {
    fixes.commands =
        update_service(facts, *service, {{"platformVersion", "LATEST"}, {"forceNewDeployment", true}});
    fixes.terraform = terraform_in("aws_ecs_service", service->name, "platform_version = \"LATEST\"");
  }
  return wrong(std::string(kPlatform), fmt::format("Fargate, platform {}", version),
               "exec needs platform version 1.4.0 or later", std::move(fixes));
}

}  // namespace

bool check_target(const Facts& facts, Findings& findings) {
  return check_region(facts, findings) && check_cluster(facts, findings) && check_presence(facts, findings) &&
         check_container_name(facts, findings);
}

void check_task_state(const Facts& facts, Findings& findings) {
  const TaskFacts* task = known(facts.task);
  if (!facts.task) {
    findings.push_back(cannot_tell(std::string(kTask), "whether a task runs", facts.task.error().what));
  } else if (task == nullptr) {
    findings.push_back(nothing_runs(facts));
  } else if (is_at_its_end(*task)) {
    findings.push_back(ended(facts, *task));
  } else if (task->last_status == "RUNNING") {
    findings.push_back(fine(std::string(kTask), fmt::format("task {} runs", task->id)));
  } else {
    findings.push_back(cannot_tell(std::string(kTask),
                                   fmt::format("task {} is {}", task->id, task->last_status),
                                   "it is still starting: wait, then ask again"));
  }
}

void check_platform(const Facts& facts, Findings& findings) {
  const TaskFacts* task = known(facts.task);
  const ServiceFacts* service = known(facts.service);
  if (task == nullptr && service == nullptr) return;
  const std::string type = task != nullptr && !task->launch_type.empty() ? task->launch_type
                           : service != nullptr                          ? service->launch_type
                                                                         : std::string{};
  const std::string version = task != nullptr ? task->platform_version : service->platform_version;
  const std::string name(kPlatform);
  if (is_windows(facts)) {
    findings.push_back(fine(name, "Windows: it has no POSIX shell, so exec is a plain session there",
                            "streams come merged and the exit code is not known"));
  } else if (type == "FARGATE") {
    findings.push_back(fargate(facts, version));
  } else if (type == "EC2") {
    findings.push_back(advised(name, "EC2", "the instance needs ECS agent 1.50.2 or later"));
  } else if (type == "EXTERNAL") {
    findings.push_back(advised(name, "ECS Anywhere", "the machine itself must reach ssmmessages"));
  } else if (!type.empty()) {
    findings.push_back(fine(name, fmt::format("launch type {}", type)));
  } else {
    // A service with a capacity provider strategy names no launch type before a task runs.
    findings.push_back(cannot_tell(name, "the platform", "no task runs that would show it"));
  }
}

}  // namespace ferry::feature

// The flags of `ferry run`, and the run that they describe.
#pragma once

#include "aws/settings.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "cli/arguments.hpp"
#include "cli/attach_flags.hpp"
#include "feature/run/run.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ferry::cli {

// What the command line says, as it stands there.
struct RunFlags {
  aws::Flags connection;
  AttachFlags attach;
  std::string task_definition, cluster, like, container;
  std::string cli_input, overrides, network_configuration;
  std::string launch_type, platform_version, started_by, reference_id, group, propagate_tags;
  std::string task_cpu, task_memory, task_role_arn, execution_role_arn;
  std::string capacity, retry_on_exit;
  std::string image, entry_point, logs;
  std::string on_interrupt = "stop", output = "text", result_path;
  std::vector<std::string> strategy, placement_constraints, placement_strategy, volumes;
  std::vector<std::string> environment, environment_files, secrets, tags, command;
  std::optional<std::int64_t> cpu, memory_mib, ephemeral_storage_gib, retries, count, unknown_exit_code;
  std::optional<milliseconds> timeout;
  std::size_t capture_limit = feature::kCaptureLimit;
  bool enable_execute_command = false, enable_managed_tags = false, detach = false;
  bool all_containers = false, ephemeral_revision = false;

  [[nodiscard]] bool wants_json() const { return output == "json"; }
};

Arguments describe_run(RunFlags& flags);

// Failures are `usage`: contradictions, and values that are not what their flag takes.
Result<feature::RunOptions> run_options(const RunFlags& flags);

}  // namespace ferry::cli

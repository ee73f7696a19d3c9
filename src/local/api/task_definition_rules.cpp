#include "local/api/task_definition_rules.hpp"

#include "base/text.hpp"
#include "local/api/input.hpp"
#include "local/api/text_rules.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace ferry::local {

namespace json = boost::json;

const std::string_view kTaskDefinitionShape = R"({
  "family": "string", "taskRoleArn": "string", "executionRoleArn": "string", "networkMode": "string",
  "containerDefinitions": [{
    "name": "string", "image": "string", "repositoryCredentials": {"credentialsParameter": "string"},
    "cpu": "integer", "memory": "integer", "memoryReservation": "integer", "links": ["string"],
    "portMappings": [{"containerPort": "integer", "hostPort": "integer", "protocol": "string", "name": "string",
                      "appProtocol": "string", "containerPortRange": "string"}],
    "essential": "boolean",
    "restartPolicy": {"enabled": "boolean", "ignoredExitCodes": ["integer"], "restartAttemptPeriod": "integer"},
    "entryPoint": ["string"], "command": ["string"],
    "environment": [{"name": "string", "value": "string"}],
    "environmentFiles": [{"value": "string", "type": "string"}],
    "mountPoints": [{"sourceVolume": "string", "containerPath": "string", "readOnly": "boolean"}],
    "volumesFrom": [{"sourceContainer": "string", "readOnly": "boolean"}],
    "linuxParameters": {
      "capabilities": {"add": ["string"], "drop": ["string"]},
      "devices": [{"hostPath": "string", "containerPath": "string", "permissions": ["string"]}],
      "initProcessEnabled": "boolean", "sharedMemorySize": "integer",
      "tmpfs": [{"containerPath": "string", "size": "integer", "mountOptions": ["string"]}],
      "maxSwap": "integer", "swappiness": "integer"},
    "secrets": [{"name": "string", "valueFrom": "string"}],
    "dependsOn": [{"containerName": "string", "condition": "string"}],
    "startTimeout": "integer", "stopTimeout": "integer", "versionConsistency": "string", "hostname": "string",
    "user": "string", "workingDirectory": "string", "disableNetworking": "boolean", "privileged": "boolean",
    "readonlyRootFilesystem": "boolean", "dnsServers": ["string"], "dnsSearchDomains": ["string"],
    "extraHosts": [{"hostname": "string", "ipAddress": "string"}], "dockerSecurityOptions": ["string"],
    "interactive": "boolean", "pseudoTerminal": "boolean", "dockerLabels": {"*": "string"},
    "ulimits": [{"name": "string", "softLimit": "integer", "hardLimit": "integer"}],
    "logConfiguration": {"logDriver": "string", "options": {"*": "string"},
                         "secretOptions": [{"name": "string", "valueFrom": "string"}]},
    "healthCheck": {"command": ["string"], "interval": "integer", "timeout": "integer", "retries": "integer",
                    "startPeriod": "integer"},
    "systemControls": [{"namespace": "string", "value": "string"}],
    "resourceRequirements": [{"value": "string", "type": "string"}],
    "firelensConfiguration": {"type": "string", "options": {"*": "string"}}, "credentialSpecs": ["string"]}],
  "volumes": [{
    "name": "string", "host": {"sourcePath": "string"},
    "dockerVolumeConfiguration": {"scope": "string", "autoprovision": "boolean", "driver": "string",
                                  "driverOpts": {"*": "string"}, "labels": {"*": "string"}},
    "efsVolumeConfiguration": {"fileSystemId": "string", "rootDirectory": "string",
                               "transitEncryption": "string", "transitEncryptionPort": "integer",
                               "authorizationConfig": {"accessPointId": "string", "iam": "string"}},
    "configuredAtLaunch": "boolean"}],
  "placementConstraints": [{"type": "string", "expression": "string"}],
  "requiresCompatibilities": ["string"], "cpu": "string", "memory": "string",
  "tags": [{"key": "string", "value": "string"}], "pidMode": "string", "ipcMode": "string",
  "proxyConfiguration": {"type": "string", "containerName": "string",
                         "properties": [{"name": "string", "value": "string"}]},
  "inferenceAccelerators": [{"deviceName": "string", "deviceType": "string"}],
  "ephemeralStorage": {"sizeInGiB": "integer"},
  "runtimePlatform": {"cpuArchitecture": "string", "operatingSystemFamily": "string"},
  "enableFaultInjection": "boolean"})";

namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::int64_t kUnitsPerVcpu = 1024;
constexpr std::int64_t kMibPerGib = 1024;

std::optional<ServiceError> client_error(std::string message) {
  return refuse("ClientException", std::move(message)).value();
}

bool is_name(std::string_view name) {
  return name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_';
         });
}

// "1.5 UNIT" in thousandths, where `text` ends with the unit in any case.
std::optional<std::int64_t> in_units(std::string_view text, std::string_view unit, std::int64_t factor) {
  if (text.size() < unit.size()) return std::nullopt;
  if (!equals_ignoring_case(text.substr(text.size() - unit.size()), unit)) return std::nullopt;
  const std::string_view number = trim(text.substr(0, text.size() - unit.size()));
  const std::size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? "" : number.substr(point + 1);
  constexpr std::size_t kMostDigits = 6;
  if (whole.size() > kMostDigits || fraction.size() > kMostDigits || (whole.empty() && fraction.empty())) {
    return std::nullopt;
  }
  const auto integer = parse_integer(whole.empty() ? "0" : whole);
  const auto part = parse_integer(fraction.empty() ? "0" : fraction);
  if (!integer || !part || *integer < 0 || *part < 0) return std::nullopt;
  std::int64_t scale = 1;
  for (std::size_t i = 0; i < fraction.size(); ++i) scale *= 10;
  return *integer * factor + *part * factor / scale;
}

// What Fargate sells: memory from `least` to `most` MiB in steps, for so many CPU units
// ("Task CPU and memory" in the Amazon ECS developer guide).
struct FargateSize {
  std::int64_t cpu, least, most, step;
};
constexpr std::array<FargateSize, 7> kFargateSizes{{{256, 512, 2048, 512},
                                                    {512, 1024, 4096, 1024},
                                                    {1024, 2048, 8192, 1024},
                                                    {2048, 4096, 16384, 1024},
                                                    {4096, 8192, 30720, 1024},
                                                    {8192, 16384, 61440, 4096},
                                                    {16384, 32768, 122880, 8192}}};

bool is_sold(std::int64_t cpu, std::int64_t memory) {
  // 256 units come with 0.5, 1 or 2 GB, but not with 1.5.
  if (cpu == 256 && memory == 1536) return false;
  return std::ranges::any_of(kFargateSizes, [&](const FargateSize& size) {
    return size.cpu == cpu && memory >= size.least && memory <= size.most &&
           (memory - size.least) % size.step == 0;
  });
}

std::optional<ServiceError> wrong_for_fargate(const json::object& input) {
  if (text_of(input, "networkMode") != "awsvpc") {
    return client_error(
        "Fargate only supports network mode \xE2\x80\x98"
        "awsvpc\xE2\x80\x99.");
  }
  const auto cpu = find_text(input, "cpu");
  const auto memory = find_text(input, "memory");
  if (!cpu) return client_error("Fargate requires that 'cpu' be defined at the task level.");
  if (!memory) return client_error("Fargate requires that 'memory' be defined at the task level.");
  const std::int64_t units = task_cpu_units(*cpu).value_or(0);
  const std::int64_t mib = task_memory_mib(*memory).value_or(0);
  if (!is_sold(units, mib)) {
    return client_error(
        fmt::format("No Fargate configuration exists for given values: {} CPU, {} memory. See the "
                    "Amazon ECS documentation for the valid values.",
                    units, mib));
  }
  for (const json::value& item : list_of(input, "containerDefinitions")) {
    const json::object& container = item.get_object();
    if (flag_of(container, "privileged"))
      return client_error("Fargate does not support privileged containers.");
  }
  return std::nullopt;
}

std::optional<ServiceError> wrong_container(const json::object& container) {
  const std::string name = text_of(container, "name");
  if (name.empty()) return client_error("Container.name should not be null or empty.");
  if (!is_name(name)) return client_error("Container.name contains invalid characters.");
  if (text_of(container, "image").empty()) {
    return client_error("Container.image should not be null or empty.");
  }
  if (auto wrong = wrong_variable(container)) return client_error(std::move(*wrong));
  const json::object& log = structure_of(container, "logConfiguration");
  if (text_of(log, "logDriver") == "awslogs") {
    const json::object& options = structure_of(log, "options");
    for (const std::string_view option : {"awslogs-group", "awslogs-region"}) {
      if (text_of(options, option).empty()) {
        return client_error(
            fmt::format("Log driver awslogs requires options: {} (container '{}').", option, name));
      }
    }
  }
  return std::nullopt;
}

std::optional<ServiceError> wrong_containers(const json::object& input) {
  const json::array& containers = list_of(input, "containerDefinitions");
  if (containers.empty()) return client_error("Container list cannot be empty.");
  std::set<std::string> names;
  bool has_essential = false;
  for (const json::value& item : containers) {
    const json::object& container = item.get_object();
    if (auto wrong = wrong_container(container)) return wrong;
    if (!names.insert(text_of(container, "name")).second) {
      return client_error(fmt::format("Duplicate container name '{}'.", text_of(container, "name")));
    }
    has_essential = has_essential || flag_of(container, "essential", true);
  }
  if (!has_essential) return client_error("A task definition must have at least one essential container.");
  return std::nullopt;
}

std::optional<ServiceError> wrong_choice(const std::vector<std::string>& values, std::string_view member,
                                         std::initializer_list<std::string_view> choices) {
  for (const std::string& value : values) {
    if (std::ranges::find(choices, value) != choices.end()) continue;
    return client_error(fmt::format("Invalid value '{}' for {}.", value, member));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> task_cpu_units(std::string_view text) {
  if (auto units = parse_integer(text); units && *units > 0) return units;
  return in_units(text, "vCPU", kUnitsPerVcpu);
}

std::optional<std::int64_t> task_memory_mib(std::string_view text) {
  if (auto mib = parse_integer(text); mib && *mib > 0) return mib;
  return in_units(text, "GB", kMibPerGib);
}

std::optional<ServiceError> wrong_task_definition(const json::object& input) {
  const std::string family = text_of(input, "family");
  if (family.empty()) return client_error("Family should not be null or empty.");
  if (!is_name(family)) return client_error("Family contains invalid characters.");
  if (auto wrong = nul_within(input)) return client_error(std::move(*wrong));
  const auto network_mode = find_text(input, "networkMode");
  if (network_mode) {
    if (auto wrong = wrong_choice({*network_mode}, "networkMode", {"bridge", "host", "awsvpc", "none"})) {
      return wrong;
    }
  }
  const std::vector<std::string> compatibilities = texts_of(input, "requiresCompatibilities");
  if (auto wrong = wrong_choice(compatibilities, "requiresCompatibilities",
                                {"EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"})) {
    return wrong;
  }
  const auto cpu = find_text(input, "cpu");
  if (cpu && !task_cpu_units(*cpu)) return client_error("Invalid 'cpu' setting for task.");
  const auto memory = find_text(input, "memory");
  if (memory && !task_memory_mib(*memory)) return client_error("Invalid 'memory' setting for task.");
  if (auto wrong = wrong_containers(input)) return wrong;
  if (auto wrong = wrong_tags(input)) return wrong;
  if (std::ranges::find(compatibilities, "FARGATE") != compatibilities.end()) return wrong_for_fargate(input);
  return std::nullopt;
}

}  // namespace ferry::local

#include "feature/target.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr std::string_view kForms =
    "a target is SERVICE, CLUSTER/SERVICE, task/ID, family/NAME, or the id or ARN of a task";

tl::unexpected<Failure> refuse(std::string_view text, std::string_view why) {
  return fail(FailureCode::usage, fmt::format("'{}' is no target: {}", text, why), std::string(kForms));
}

// ECS: letters, digits, hyphens and underscores in the names of clusters, services and families, and in ids.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](unsigned char character) {
    return std::isalnum(character) != 0 || character == '-' || character == '_';
  });
}

// arn:PARTITION:ecs:REGION:ACCOUNT:task/CLUSTER/ID, or :task/ID in the older form; likewise for services.
Result<Target> parse_arn(std::string_view text, std::string_view cluster) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() != 6 || parts[2] != "ecs" || parts[3].empty() || parts[4].empty())
    return refuse(text, "it is no ARN of ECS");
  const std::vector<std::string_view> path = split(parts[5], '/');
  const std::string_view type = path[0];
  if ((type != "task" && type != "service") || path.size() < 2 || path.size() > 3)
    return refuse(text, "it is the ARN of neither a task nor a service");
  Target target;
  target.kind = type == "task" ? Target::Kind::task : Target::Kind::service;
  target.name = path.back();
  target.cluster = path.size() == 3 ? path[1] : cluster;
  target.region = parts[3];
  if (!is_name(target.name) || !is_name(target.cluster)) return refuse(text, "its last part is incomplete");
  return target;
}

}  // namespace

bool is_whole_task_id(std::string_view id) {
  std::string digits(id);
  if (id.size() == 36) std::erase(digits, '-');
  return digits.size() == 32 &&
         std::ranges::all_of(digits, [](unsigned char digit) { return std::isxdigit(digit) != 0; });
}

bool looks_like_task_id(std::string_view word) {
  constexpr std::size_t kLeastDigits = 8;
  constexpr std::size_t kLongestId = 36;
  if (word.size() < kLeastDigits || word.size() > kLongestId) return false;
  const auto is_digit = [](unsigned char character) { return std::isxdigit(character) != 0; };
  return std::ranges::all_of(word.substr(0, kLeastDigits), is_digit) &&
         std::ranges::all_of(word.substr(kLeastDigits), [&is_digit](unsigned char character) {
           return is_digit(character) || character == '-';
         });
}

Result<Target> parse_task(std::string_view text, std::string_view cluster) {
  const bool is_bare = !text.starts_with("arn:") && text.find('/') == std::string_view::npos;
  if (is_bare && looks_like_task_id(text)) return parse_target(fmt::format("task/{}", text), cluster);
  Failure failure{.code = FailureCode::usage,
                  .what = fmt::format("'{}' names no task", text),
                  .hint = "a task is its ARN, task/ID, or 8 or more digits of its id; `ferry ps` lists them",
                  .service_code = {}};
  if (is_bare && is_name(text)) {
    failure.hint = fmt::format(
        "`ferry ps {}/{}` lists the tasks of a service; a task is its ARN, 8 or more digits of "
        "its id, or task/ with fewer",
        cluster, text);
    return fail(std::move(failure));
  }
  Result<Target> target = parse_target(text, cluster);
  if (target && target->kind == Target::Kind::task) return target;
  return fail(std::move(failure));
}

Result<Target> parse_target(std::string_view text, std::string_view cluster) {
  if (text.starts_with("arn:")) return parse_arn(text, cluster);
  const std::vector<std::string_view> parts = split(text, '/');
  if (parts.size() > 2) return refuse(text, "it has too many slashes");
  if (!std::ranges::all_of(parts, is_name))
    return refuse(text, "names have letters, digits, hyphens and underscores only");
  Target target;
  target.name = parts.back();
  target.cluster = cluster;
  const bool is_whole_id = is_whole_task_id(target.name);
  if (is_whole_id) target.kind = Target::Kind::task;
  if (parts.size() == 1) return target;
  if (parts[0] == "task") {
    target.kind = Target::Kind::task;
  } else if (parts[0] == "family") {
    target.kind = Target::Kind::family;
  } else {
    target.cluster = parts[0];
  }
  return target;
}

Result<> expect_cluster(const Target& target, std::string_view cluster) {
  const std::string_view name = cluster.substr(cluster.rfind('/') + 1);  // all of it where there is no slash
  if (target.cluster == cluster || target.cluster == name) return {};
  return fail(FailureCode::usage,
              fmt::format("--cluster {} contradicts the target, {}", cluster, describe(target)),
              "leave --cluster out");
}

std::string describe(const Target& target) {
  const std::string_view kind = target.kind == Target::Kind::task     ? "task"
                                : target.kind == Target::Kind::family ? "family"
                                                                      : "service";
  return fmt::format("{} {} in cluster {}", kind, target.name, target.cluster);
}

}  // namespace ferry::feature

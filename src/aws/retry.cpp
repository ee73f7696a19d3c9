#include "aws/retry.hpp"

#include "aws/reading.hpp"

#include <algorithm>
#include <array>

namespace ferry::aws {

bool is_reading(std::string_view operation) {
  constexpr std::array<std::string_view, 4> kReading{"Describe", "Get", "List", "Filter"};
  const auto begins_with = [operation](std::string_view prefix) { return operation.starts_with(prefix); };
  return std::ranges::any_of(kReading, begins_with);
}

bool starts_something(std::string_view operation) {
  return operation == "RunTask" || operation == "StartTask" || operation == "ExecuteCommand" ||
         operation == "RegisterTaskDefinition";
}

bool is_repeatable(std::string_view operation, const boost::json::object& input) {
  if (is_reading(operation)) return true;
  // What nobody uses of them does no harm: the latest token counts, and a data key is kept nowhere.
  if (operation == "ResumeSession" || operation == "GenerateDataKey") return true;
  if (operation == "AssumeRole" || operation == "AssumeRoleWithWebIdentity") return true;
  // Ends of things: the second one finds them ended.
  if (operation == "StopTask" || operation == "TerminateSession" || operation == "DeregisterTaskDefinition")
    return true;
  const bool takes_client_token =
      operation == "RunTask" || operation == "CreateService" || operation == "CreateTaskSet";
  return takes_client_token && input.contains("clientToken");
}

bool RetryQuota::take(int tokens) {
  const std::lock_guard lock(mutex_);
  if (tokens_ < tokens) return false;
  tokens_ -= tokens;
  return true;
}

void RetryQuota::give_back(int tokens) {
  const std::lock_guard lock(mutex_);
  tokens_ = std::min(kFull, tokens_ + tokens);
}

std::optional<milliseconds> Retries::next(AttemptEnd end, double chance, milliseconds at_least) {
  constexpr int kCost = 14;
  constexpr int kCostIfThrottled = 5;
  ++attempts_;
  if (end == AttemptEnd::final || attempts_ >= limits_.max_attempts) return std::nullopt;
  if (end == AttemptEnd::in_doubt && !is_repeatable_) return std::nullopt;
  const bool is_throttled = end == AttemptEnd::throttled;
  const int cost = is_throttled ? kCostIfThrottled : kCost;
  if (!quota_.take(cost)) return std::nullopt;
  cost_ = cost;
  milliseconds ceiling = is_throttled ? limits_.first_backoff_if_throttled : limits_.first_backoff;
  for (int i = 1; i < attempts_ && ceiling < limits_.longest_backoff; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, limits_.longest_backoff);
  const milliseconds own(static_cast<std::int64_t>(static_cast<double>(ceiling.count()) * chance));
  return std::max(own, std::min(at_least, limits_.longest_backoff));
}

}  // namespace ferry::aws

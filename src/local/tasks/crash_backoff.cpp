#include "local/tasks/crash_backoff.hpp"

#include "local/api/input.hpp"
#include "local/tasks/document.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ferry::local {
namespace {

constexpr int kQuickFailuresAtOnce = 3;
constexpr double kLongLife_s = 30;
constexpr seconds kLongestWait{60};
constexpr int kDoublings = 6;  // 2^6 s is beyond the longest wait

}  // namespace

void CrashBackoff::task_ends(const boost::json::object& task, Instant now) {
  const std::string stop_code = text_of(task, "stopCode");
  if (stop_code != "EssentialContainerExited" && stop_code != "TaskFailedToStart") return;
  ++failures_;
  const double started = seconds_in(task, "startedAt");
  if (started > 0 && seconds_in(task, "stoppingAt") - started >= kLongLife_s) {
    series_ = 0;
    is_warned_ = false;
    return;
  }
  ++series_;
  if (series_ <= kQuickFailuresAtOnce) return;
  const int doublings = std::min(series_ - kQuickFailuresAtOnce - 1, kDoublings);
  next_start_ = now + std::min(seconds(1LL << doublings), kLongestWait);
}

std::int64_t CrashBackoff::take_failures() {
  return std::exchange(failures_, 0);
}

bool CrashBackoff::take_warning() {
  return !std::exchange(is_warned_, true);
}

}  // namespace ferry::local

// Holds a deployment back whose tasks fail as soon as they start, so that a crashing service does not spin.
// A task that is lost now and then is replaced at once. Sans-IO; thread-safe like any value.
#pragma once

#include "base/time.hpp"

#include <cstdint>

#include <boost/json/object.hpp>

namespace ferry::local {

class CrashBackoff {
 public:
  // A task of the deployment has begun to stop. One that was asked to says nothing; one that ran for half a
  // minute ends the series of quick failures; from the fourth in a row the next start waits 1 s, 2 s, 4 s ...
  // at most a minute.
  void task_ends(const boost::json::object& task, Instant now);

  [[nodiscard]] bool allows(Instant now) const { return now >= next_start_; }
  [[nodiscard]] Instant next_start() const { return next_start_; }

  // Failed tasks since the last call.
  std::int64_t take_failures();
  // True once when a series of failures begins to be held back.
  bool take_warning();

 private:
  int series_ = 0;
  std::int64_t failures_ = 0;
  bool is_warned_ = false;
  Instant next_start_;
};

}  // namespace ferry::local

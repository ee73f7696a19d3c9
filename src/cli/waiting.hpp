// What a command waits for: calls that are given up when the user asks for it, or when the command's time is
// over. Every command waits so, but for exec, run and sessions, which watch their own end.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/end_watch.hpp"
#include "net/clock.hpp"
#include "net/loop.hpp"

#include <optional>
#include <utility>

namespace ferry::cli {

class Waiting {
 public:
  // The time limit counts from now, over all that is waited for.
  explicit Waiting(net::Loop& loop, std::optional<milliseconds> time_limit = std::nullopt)
      : loop_(loop), time_limit_(time_limit), began_at_(net::steady_now()) {}

  // The value of `work`. Where SIGINT, SIGTERM, SIGHUP, SIGQUIT or the time limit came first, the work is
  // cancelled, and the failure is `cancelled` and says so. Between two of them signals have their default
  // action.
  template <class T>
  Result<T> get(net::Task<Result<T>> work) {
    feature::EndWatch end(
        loop_, {.time_limit = time_limit_, .began_at = began_at_, .heeds_signals = true, .caller = nullptr});
    std::optional<Result<T>> value = loop_.run(feature::unless_ended(loop_, end, std::move(work)));
    if (value) return std::move(*value);
    ending_ = end.ending();
    return fail(FailureCode::cancelled, feature::in_words(*ending_));
  }

  // What came first; nothing where get() brought what it was asked for.
  [[nodiscard]] const std::optional<feature::Ending>& ending() const { return ending_; }
  [[nodiscard]] Instant began_at() const { return began_at_; }
  [[nodiscard]] net::Loop& loop() const { return loop_; }

  // What a command returns for a failure of get(): the failure, or, with its line on stderr, the status of
  // the ending.
  [[nodiscard]] Result<int> failed(const Failure& failure) const;

 private:
  net::Loop& loop_;
  std::optional<milliseconds> time_limit_;
  Instant began_at_;
  std::optional<feature::Ending> ending_;
};

}  // namespace ferry::cli

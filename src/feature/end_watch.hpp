// What makes ferry give up something before its own end: a signal, the time limit, the caller.
// Owns the signals' registration while it lives. The loop's thread only.
#pragma once

#include "base/time.hpp"
#include "feature/ending.hpp"
#include "feature/result.hpp"
#include "net/loop.hpp"
#include "net/unless.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::feature {

struct EndConditions {
  std::optional<milliseconds> time_limit;
  std::optional<Instant> began_at;  // what the time limit counts from; nothing: from now
  bool heeds_signals = true;        // SIGINT, SIGTERM, SIGHUP, SIGQUIT
  net::Event* caller = nullptr;     // once set; outlives the watch
};

class EndWatch {
 public:
  // From now on the signals no longer have their default action.
  EndWatch(net::Loop& loop, EndConditions conditions);

  // Beside whatever it watches over, until it is cancelled. May be run again after that.
  net::Task<> run();

  // The first cause; nothing while it may go on.
  [[nodiscard]] std::optional<EndCause> cause() const { return cause_; }
  // Set with the first cause.
  [[nodiscard]] net::Event& asked() { return asked_; }
  // Set when patience is over: by a second signal.
  [[nodiscard]] net::Event& asked_again() { return asked_again_; }

  // What came first; the cause must be there.
  [[nodiscard]] Ending ending() const;
  // Of that: timeout or interrupted.
  [[nodiscard]] Outcome outcome() const { return outcome_of(ending()); }
  // "interrupted by SIGTERM", "timed out after 2 s".
  [[nodiscard]] std::string explanation() const { return in_words(ending()); }
  // The signal that a remote command gets first: "TERM".
  [[nodiscard]] std::string_view remote_signal() const;

 private:
  void ask(EndCause cause);
  net::Task<> watch_signals();
  net::Task<> watch_time();
  net::Task<> watch_caller();

  net::Loop& loop_;
  std::optional<milliseconds> time_limit_;
  std::optional<Instant> deadline_;
  net::Event* caller_;
  std::optional<net::Signals> signals_;
  std::optional<EndCause> cause_;
  net::Event asked_, asked_again_;
};

namespace detail {

template <class T>
net::Task<> keep_outcome(net::Task<std::optional<T>> work, std::optional<T>& outcome) {
  outcome = co_await std::move(work);
}

}  // namespace detail

// The value of `work`, which is under `end` for as long; or nothing where a cause came first: then it is
// cancelled. Where there is a cause already, it does not begin.
template <class T>
net::Task<std::optional<T>> unless_ended(net::Loop& loop, EndWatch& end, net::Task<T> work) {
  std::optional<T> value;
  net::Task<> waiting = detail::keep_outcome(unless(loop, end.asked(), std::move(work)), value);
  const auto watch_and_wait = [&](net::TaskGroup& group) {
    group.spawn(end.run());
    return std::move(waiting);
  };
  co_await net::with_children(loop, watch_and_wait);
  co_return value;
}

}  // namespace ferry::feature

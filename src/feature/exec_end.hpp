// What makes ferry end a command before its own end: a signal, the time limit, the caller.
// Owns the signals' registration while it lives. The loop's thread only.
#pragma once

#include "base/time.hpp"
#include "feature/exec_session.hpp"
#include "feature/result.hpp"
#include "net/loop.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ferry::feature {

enum class EndCause { interrupt, terminate, hang_up, quit, time_limit, caller };

class EndWatch {
 public:
  // The time limit counts from now; from now on the signals no longer have their default action.
  EndWatch(net::Loop& loop, const ExecOptions& options);

  // Beside whatever it watches over, until it is cancelled.
  net::Task<> run();

  // The first cause; nothing while the command may go on.
  [[nodiscard]] std::optional<EndCause> cause() const { return cause_; }
  // Set with the first cause.
  [[nodiscard]] net::Event& asked() { return asked_; }
  // Set when patience is over: by a second signal.
  [[nodiscard]] net::Event& asked_again() { return asked_again_; }

  // timeout or interrupted; the cause must be there.
  [[nodiscard]] Outcome outcome() const;
  // "interrupted by SIGTERM", "timed out after 2 s"; the cause must be there.
  [[nodiscard]] std::string explanation() const;
  // The signal that the remote command gets first: "TERM".
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

}  // namespace ferry::feature

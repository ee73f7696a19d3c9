// The end of a session with a command in it: the result is known, and nothing may be left behind.
#include "feature/exec_command_session.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"

#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// For a command that was told to end, and then for one that was killed.
constexpr milliseconds kGrace{5'000};
constexpr milliseconds kKillGrace{2'000};
// For the program to hear that the result has arrived.
constexpr milliseconds kLongestLeave{500};
// For the service to close the session after that: it counts against the container's limit until then.
constexpr milliseconds kOrderlyClose{100};
constexpr milliseconds kLongestTermination{1'500};
// For a reader of our output that may never come back.
constexpr milliseconds kLastWrite{500};

// Ctrl-C, for a terminal that still makes a signal of it.
constexpr std::string_view kInterruptKey = "\x03";

}  // namespace

bool CommandSession::is_ended_by_us() const {
  return failure_.has_value() || has_excess_ || result_.outcome == Outcome::interrupted ||
         result_.outcome == Outcome::timeout;
}

net::Task<> CommandSession::wind_down(net::TaskGroup& group) {
  if (is_ended_by_us()) {
    co_await end_command(group);
  } else if (result_.outcome == Outcome::exited) {
    co_await take_leave(group);
  } else if (!is_closed_in_order_) {
    co_await terminate();
  }
  if (failure_ || !result_.explanation.empty()) output_.end_line();
  output_.finish();
  if (is_ended_by_us()) {
    co_await output_.written().wait_until(net::steady_now() + kLastWrite);
    co_return;
  }
  group.spawn(give_up_writing());
  co_await output_.written().wait();
}

// Sends what ends the command and everything else that runs in its session, harder each time.
net::Task<> CommandSession::end_command(net::TaskGroup& group) {
  if (is_closed_in_order_) co_return;
  if (!is_wrapped_ || options_.on_terminal || !started_.is_set() || channel_ended_.is_set()) {
    co_await terminate();
    co_return;
  }
  group.spawn(hurry());
  const std::string_view signal = end_.cause() ? end_.remote_signal() : "TERM";
  if (tier_.is_quiet) {
    lines_.send(wire::exec_word::signal(signal));
  } else {
    lines_.send_bytes(std::string(kInterruptKey));
  }
  bool is_over = co_await is_over_within(has_remote_ended_ ? milliseconds(0) : kGrace);
  if (!is_over && tier_.is_quiet) {
    lines_.send(wire::exec_word::signal("KILL"));
    is_over = co_await is_over_within(kKillGrace);
  }
  if (!is_over) {
    co_await terminate();
    co_return;
  }
  co_await take_leave(group);
  // Something of the command's still holds the terminal, and would keep the session open.
  if (!channel_ended_.is_set()) co_await within(loop_, kLongestTermination, services_.terminate());
}

net::Task<bool> CommandSession::is_over_within(milliseconds limit) {
  co_await remote_changed_.wait_until(net::steady_now() + limit);
  co_return has_remote_ended_;
}

net::Task<> CommandSession::hurry() {
  co_await end_.asked_again().wait();
  remote_changed_.set();
}

// The program ends when it hears that the result has arrived, also where children of the command hold its
// output open; what a terminal echoes of that comes after the result. On a terminal it ends by itself.
net::Task<> CommandSession::take_leave(net::TaskGroup& group) {
  if (channel_ended_.is_set()) co_return;
  set_pushed_back(false);
  if (options_.on_terminal) {
    co_await channel_ended_.wait_until(net::steady_now() + kLongestLeave);
    co_return;
  }
  lines_.send(wire::exec_word::quit);
  group.spawn(confirm_delivery());
  const bool is_delivered = co_await delivered_.wait_until(net::steady_now() + kLongestLeave);
  const bool is_over = co_await channel_ended_.wait_until(net::steady_now() + kOrderlyClose);
  // It was behind much input: the service ends what would be left of the session.
  if (!is_delivered && !is_over) co_await within(loop_, kLongestTermination, services_.terminate());
}

net::Task<> CommandSession::confirm_delivery() {
  co_await lines_.delivered();
  delivered_.set();
}

// The service ends what we cannot reach, or would leave behind.
net::Task<> CommandSession::terminate() {
  const std::optional<bool> terminated = co_await within(loop_, kLongestTermination, services_.terminate());
  const bool is_ended = terminated.value_or(false);
  const bool may_run_on = is_program_sent_ || !is_wrapped_;
  if (!may_run_on || options_.on_terminal) co_return;
  result_.explanation += is_ended ? "; its session has been ended, and with it the command"
                                  : "; the command may still be running";
}

// The command's end came, and a reader of its output does not take the rest: the user may still leave.
net::Task<> CommandSession::give_up_writing() {
  co_await end_.asked().wait();
  if (output_.written().is_set()) co_return;
  result_.outcome = end_.outcome();
  result_.exit_code.reset();
  result_.exit_code_source.reset();
  result_.explanation = end_.explanation() + ", before all output was written";
  output_.written().set();
}

}  // namespace ferry::feature

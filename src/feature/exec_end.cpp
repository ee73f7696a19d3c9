#include "feature/exec_end.hpp"

#include "net/clock.hpp"

#include <csignal>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

EndCause cause_of(int signal_number) {
  switch (signal_number) {
    case SIGINT:
      return EndCause::interrupt;
    case SIGTERM:
      return EndCause::terminate;
    case SIGQUIT:
      return EndCause::quit;
    default:
      return EndCause::hang_up;
  }
}

}  // namespace

EndWatch::EndWatch(net::Loop& loop, const ExecOptions& options)
    : loop_(loop),
      time_limit_(options.time_limit),
      caller_(options.cancel),
      asked_(loop),
      asked_again_(loop) {
  if (time_limit_) deadline_ = net::steady_now() + *time_limit_;
  if (options.heeds_signals)
    signals_.emplace(loop, std::initializer_list<int>{SIGINT, SIGTERM, SIGHUP, SIGQUIT});
}

net::Task<> EndWatch::run() {
  net::TaskGroup group(loop_);
  if (signals_) group.spawn(watch_signals());
  if (deadline_) group.spawn(watch_time());
  if (caller_ != nullptr) group.spawn(watch_caller());
  co_await group.join();
}

void EndWatch::ask(EndCause cause) {
  if (cause_) return;
  cause_ = cause;
  asked_.set();
}

net::Task<> EndWatch::watch_signals() {
  while (true) {
    const int number = co_await signals_->next();
    if (cause_) asked_again_.set();
    ask(cause_of(number));
  }
}

net::Task<> EndWatch::watch_time() {
  co_await net::sleep_until(loop_, *deadline_);
  ask(EndCause::time_limit);
}

net::Task<> EndWatch::watch_caller() {
  co_await caller_->wait();
  ask(EndCause::caller);
}

Outcome EndWatch::outcome() const {
  return cause_ == EndCause::time_limit ? Outcome::timeout : Outcome::interrupted;
}

std::string EndWatch::explanation() const {
  switch (*cause_) {
    case EndCause::interrupt:
      return "interrupted by SIGINT";
    case EndCause::terminate:
      return "interrupted by SIGTERM";
    case EndCause::hang_up:
      return "interrupted by SIGHUP";
    case EndCause::quit:
      return "interrupted by SIGQUIT";
    case EndCause::caller:
      return "cancelled";
    case EndCause::time_limit:
      break;
  }
  return fmt::format("timed out after {} s", std::chrono::duration<double>(*time_limit_).count());
}

std::string_view EndWatch::remote_signal() const {
  switch (*cause_) {
    case EndCause::interrupt:
      return "INT";
    case EndCause::hang_up:
      return "HUP";
    case EndCause::quit:
      return "QUIT";
    default:
      return "TERM";
  }
}

}  // namespace ferry::feature

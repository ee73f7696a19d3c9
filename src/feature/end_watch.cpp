#include "feature/end_watch.hpp"

#include "net/clock.hpp"

#include <csignal>
#include <initializer_list>

namespace ferry::feature {

EndWatch::EndWatch(net::Loop& loop, EndConditions conditions)
    : loop_(loop),
      time_limit_(conditions.time_limit),
      caller_(conditions.caller),
      asked_(loop),
      asked_again_(loop) {
  if (time_limit_) deadline_ = conditions.began_at.value_or(net::steady_now()) + *time_limit_;
  if (conditions.heeds_signals)
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
    ask(cause_of_signal(number));
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

Ending EndWatch::ending() const {
  return {.cause = *cause_, .time_limit = time_limit_.value_or(milliseconds(0))};
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

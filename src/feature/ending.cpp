#include "feature/ending.hpp"

#include <chrono>
#include <csignal>

#include <fmt/format.h>

namespace ferry::feature {

EndCause cause_of_signal(int number) {
  switch (number) {
    case SIGTERM:
      return EndCause::terminate;
    case SIGHUP:
      return EndCause::hang_up;
    case SIGQUIT:
      return EndCause::quit;
    default:
      return EndCause::interrupt;
  }
}

Outcome outcome_of(const Ending& ending) {
  return ending.cause == EndCause::time_limit ? Outcome::timeout : Outcome::interrupted;
}

std::string in_words(const Ending& ending) {
  switch (ending.cause) {
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
  return fmt::format("timed out after {} s", std::chrono::duration<double>(ending.time_limit).count());
}

int exit_status(const Ending& ending) {
  CommandResult result;
  result.outcome = outcome_of(ending);
  return exit_status(result);
}

std::string session_lines() {
  return R"(`ferry api ssm DescribeSessions '{"State":"Active"}'` lists sessions, )"
         R"(`ferry api ssm TerminateSession '{"SessionId":"ID"}'` ends one)";
}

bool may_have_acted(const Failure& failure) {
  return failure.code == FailureCode::timed_out || failure.code == FailureCode::lost ||
         failure.code == FailureCode::protocol;
}

bool may_have_been_carried_out(const Failure& failure) {
  return may_have_acted(failure) || failure.service_code.starts_with("ServerException");
}

}  // namespace ferry::feature

#include "feature/result.hpp"

namespace ferry::feature {

int exit_status(const CommandResult& result, int unknown_exit_code) {
  constexpr int kTimedOut = 124;
  constexpr int kNotStarted = 125;
  constexpr int kInterrupted = 130;
  switch (result.outcome) {
    case Outcome::exited:
      return result.exit_code.value_or(unknown_exit_code);
    case Outcome::timeout:
      return kTimedOut;
    case Outcome::interrupted:
      return kInterrupted;
    case Outcome::not_started:
      return kNotStarted;
    case Outcome::detached:
      return 0;
    case Outcome::lost:
    case Outcome::unknown:
      break;
  }
  return unknown_exit_code;
}

}  // namespace ferry::feature

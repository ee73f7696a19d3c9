#include "feature/exec_refusal.hpp"

#include "aws/ecs.hpp"

namespace ferry::feature {
namespace {

constexpr const char* kServerFailed = "ServerException";

// By its name, but for the session limit, which has only its message.
bool is_passing(const Failure& refusal) {
  return refusal.what.contains("maximum session limit") || refusal.service_code.starts_with(kServerFailed) ||
         aws::ecs::error_of(refusal) == aws::ecs::Error::target_not_connected;
}

}  // namespace

std::optional<bool> may_succeed_later(const Failure& failure) {
  switch (failure.code) {
    case FailureCode::throttled:
    case FailureCode::unreachable:
    case FailureCode::timed_out:
    case FailureCode::lost:
      return true;
    case FailureCode::refused:
      return is_passing(failure);
    case FailureCode::usage:
    case FailureCode::ambiguous:
    case FailureCode::denied:
    case FailureCode::not_found:
      return false;
    case FailureCode::cancelled:
    case FailureCode::protocol:
    case FailureCode::local_system:
      break;
  }
  return std::nullopt;
}

}  // namespace ferry::feature

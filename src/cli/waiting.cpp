#include "cli/waiting.hpp"

#include "sys/standard_streams.hpp"

#include <fmt/format.h>

namespace ferry::cli {

Result<int> Waiting::failed(const Failure& failure) const {
  if (!ending_) return fail(failure);
  sys::say(failure.line());
  return feature::exit_status(*ending_);
}

}  // namespace ferry::cli

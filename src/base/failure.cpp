#include "base/failure.hpp"

#include "base/printable.hpp"

#include <system_error>

#include <fmt/format.h>

namespace ferry {

std::string Failure::line() const {
  const std::string failed = printable(shortened(what));
  return hint.empty() ? failed : fmt::format("{}; {}", failed, printable(shortened(hint)));
}

Failure Failure::in(std::string_view context) const {
  Failure outer = *this;
  outer.what = fmt::format("{}: {}", context, what);
  return outer;
}

Failure system_failure(std::string_view what, int error_number) {
  return Failure{.code = FailureCode::local_system,
                 .what = fmt::format("{}: {}", what, std::generic_category().message(error_number)),
                 .hint = {},
                 .service_code = {}};
}

}  // namespace ferry

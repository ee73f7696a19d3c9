#include "base/failure.hpp"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

namespace ferry {

std::string Failure::line() const {
  std::string text = hint.empty() ? what : fmt::format("{}; {}", what, hint);
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return text;
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

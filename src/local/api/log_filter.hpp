// The filter patterns of CloudWatch Logs for unstructured events: terms. ("Filter pattern syntax" in its user
// guide.) Pure.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ferry::local {

// `ERROR timeout` all terms, `?ERROR ?WARN` any of them, `-DEBUG` none of them, `"in quotes"` as it stands.
// Case counts, and a term is a whole word. Fails (usage) for the JSON {...}, columns [...] and expression
// %...% patterns, which ferry local does not have.
class LogFilter {
 public:
  static Result<LogFilter> parse(std::string_view pattern);
  [[nodiscard]] bool matches(std::string_view message) const;

 private:
  std::vector<std::string> all_, any_, none_;
};

}  // namespace ferry::local

#include "feature/result.hpp"

#include "base/text.hpp"
#include "feature/result_json.hpp"
#include "library/convert.hpp"

#include <ferry/result.hpp>

namespace ferry {

int exit_status(const CommandResult& result, int unknown_exit_code) {
  constexpr int kFailed = 125;
  if (result.outcome == Outcome::failed) return kFailed;
  return feature::exit_status(library::feature_result_without_output(result), unknown_exit_code);
}

std::string to_json(const CommandResult& result) {
  feature::CommandResult complete = library::feature_result_without_output(result);
  if (result.standard_output) complete.standard_output = to_bytes(*result.standard_output);
  if (result.standard_error) complete.standard_error = to_bytes(*result.standard_error);
  return feature::result_json_line(complete);
}

}  // namespace ferry

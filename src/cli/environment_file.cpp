#include "cli/environment_file.hpp"

#include "base/text.hpp"

#include <optional>

#include <fmt/format.h>

namespace ferry::cli {

Result<std::pair<std::string, std::string>> parse_variable(const std::string& text,
                                                           const aws::Environment& environment) {
  const std::size_t equals = text.find('=');
  if (text.empty() || equals == 0)
    return fail(FailureCode::usage, fmt::format("'{}' has no name", text), "write NAME=VALUE");
  if (equals != std::string::npos) return std::pair(text.substr(0, equals), text.substr(equals + 1));
  std::optional<std::string> value = environment(text);
  if (!value)
    return fail(FailureCode::usage, fmt::format("{} is not set here", text),
                fmt::format("write {}=VALUE", text));
  return std::pair(text, std::move(*value));
}

Result<std::vector<std::pair<std::string, std::string>>> parse_environment_file(
    std::string_view text, const aws::Environment& environment) {
  std::vector<std::pair<std::string, std::string>> variables;
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    Result<std::pair<std::string, std::string>> variable =
        parse_variable(std::string(line.substr(begin)), environment);
    if (!variable) return fail(variable.error().in(fmt::format("line {}", number)));
    variables.push_back(std::move(*variable));
  }
  return variables;
}

}  // namespace ferry::cli

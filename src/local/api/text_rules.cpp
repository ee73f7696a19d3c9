#include "local/api/text_rules.hpp"

#include "local/api/input.hpp"

#include <cstddef>
#include <string_view>

#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

std::optional<std::string> member_with_nul(const json::value& value);

std::optional<std::string> member_with_nul(const json::array& list) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (const auto below = member_with_nul(list[i])) return fmt::format("[{}]{}", i, *below);
  return std::nullopt;
}

std::optional<std::string> member_with_nul(const json::object& object) {
  for (const auto& [name, value] : object) {
    if (has_nul(name)) return std::string();
    if (const auto below = member_with_nul(value))
      return fmt::format(".{}{}", std::string_view(name), *below);
  }
  return std::nullopt;
}

// The path to it, behind `value`. The depth is bounded by the parser's own limit.
std::optional<std::string> member_with_nul(const json::value& value) {
  if (const auto* text = value.if_string())
    return has_nul(*text) ? std::optional<std::string>("") : std::nullopt;
  if (const auto* list = value.if_array()) return member_with_nul(*list);
  if (const auto* object = value.if_object()) return member_with_nul(*object);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> nul_within(const json::object& input) {
  const std::optional<std::string> member = member_with_nul(input);
  if (!member) return std::nullopt;
  const std::string_view name = std::string_view(*member).substr(member->starts_with('.') ? 1 : 0);
  return fmt::format("{} must not contain a NUL character.", name.empty() ? "The name of a member" : name);
}

std::optional<std::string> wrong_variable(const json::object& container) {
  for (const json::value& item : list_of(container, "environment")) {
    const json::object* variable = item.if_object();
    const std::string name = variable == nullptr ? std::string() : text_of(*variable, "name");
    if (name.empty())
      return fmt::format("An environment variable of container {} has no name.", text_of(container, "name"));
    if (name.find('=') != std::string::npos)
      return fmt::format("The name of the environment variable '{}' of container {} must not contain '='.",
                         name, text_of(container, "name"));
  }
  return std::nullopt;
}

}  // namespace ferry::local

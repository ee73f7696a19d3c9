#include "feature/run/network_configuration.hpp"

#include "base/text.hpp"
#include "feature/run/shorthand.hpp"

#include <string>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr std::string_view kForm =
    "write awsvpcConfiguration={subnets=[subnet-1],securityGroups=[sg-1],assignPublicIp=ENABLED}";

tl::unexpected<Failure> wrong(std::string what) {
  return fail(FailureCode::usage, "--network-configuration: " + std::move(what), std::string(kForm));
}

Result<json::object> parse_text(std::string_view text) {
  if (!text.starts_with('{')) {
    Result<json::object> object = parse_shorthand(text);
    if (!object) return wrong(object.error().what);
    return object;
  }
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error) return wrong("not valid JSON: " + error.message());
  if (!value.is_object()) return wrong("not a JSON object");
  return std::move(value.get_object());
}

Result<json::array> names(std::string_view member, const json::value& value) {
  if (value.is_string()) return json::array{value};
  if (!value.is_array()) return wrong(fmt::format("{} is not a list", member));
  for (const json::value& name : value.get_array()) {
    if (!name.is_string() || name.get_string().empty())
      return wrong(fmt::format("{} holds something that is not a name", member));
  }
  return value.get_array();
}

Result<json::object> check_vpc(const json::object& vpc) {
  json::object checked;
  for (const auto& [key, value] : vpc) {
    const std::string_view member = key;
    if (member == "subnets" || member == "securityGroups") {
      Result<json::array> list = names(member, value);
      if (!list) return fail(list.error());
      checked[member] = std::move(*list);
    } else if (member == "assignPublicIp") {
      const json::string* text = value.if_string();
      if (text == nullptr || (*text != "ENABLED" && *text != "DISABLED"))
        return wrong("assignPublicIp is neither ENABLED nor DISABLED");
      checked[member] = *text;
    } else {
      return wrong(fmt::format("awsvpcConfiguration has no member '{}'", member));
    }
  }
  const json::value* subnets = checked.if_contains("subnets");
  if (subnets == nullptr || subnets->get_array().empty()) return wrong("no subnets are named");
  return checked;
}

}  // namespace

Result<json::object> parse_network_configuration(std::string_view text) {
  Result<json::object> object = parse_text(trim(text));
  if (!object) return object;
  const json::value* vpc = object->if_contains("awsvpcConfiguration");
  if (vpc == nullptr || !vpc->is_object() || object->size() != 1)
    return wrong("its one member must be the structure awsvpcConfiguration");
  Result<json::object> checked = check_vpc(vpc->get_object());
  if (!checked) return checked;
  return json::object{{"awsvpcConfiguration", std::move(*checked)}};
}

}  // namespace ferry::feature

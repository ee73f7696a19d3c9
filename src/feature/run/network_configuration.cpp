#include "feature/run/network_configuration.hpp"

#include "aws/answer_reader.hpp"
#include "feature/run/structure_argument.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr std::string_view kForm =
    "write awsvpcConfiguration={subnets=[subnet-1],securityGroups=[sg-1],assignPublicIp=ENABLED}";

tl::unexpected<Failure> wrong(std::string what) {
  return fail(FailureCode::usage, "--network-configuration: " + std::move(what), std::string(kForm));
}

Result<> check_vpc(const json::object& vpc) {
  const json::array& subnets = vpc.at("subnets").get_array();
  if (subnets.empty()) return wrong("no subnets are named");
  if (std::ranges::any_of(subnets, [](const json::value& name) { return name.get_string().empty(); }))
    return wrong("a subnet has no name");
  const std::string assigned = aws::text_in(vpc, "assignPublicIp");
  if (vpc.contains("assignPublicIp") && assigned != "ENABLED" && assigned != "DISABLED")
    return wrong("assignPublicIp is neither ENABLED nor DISABLED");
  return {};
}

}  // namespace

Result<json::object> parse_network_configuration(const std::string& text, const ReadFile& read_file) {
  Result<json::value> value =
      parse_structure("--network-configuration", "networkConfiguration", std::span(&text, 1), read_file);
  if (!value) {
    Failure failure = std::move(value.error());
    failure.hint = kForm;
    return fail(std::move(failure));
  }
  const json::object* vpc = aws::object_in(value->get_object(), "awsvpcConfiguration");
  if (vpc == nullptr) return wrong("its one member must be the structure awsvpcConfiguration");
  const Result<> checked = check_vpc(*vpc);
  if (!checked) return fail(checked.error());
  return std::move(value->get_object());
}

}  // namespace ferry::feature

#include "feature/run/like_service.hpp"

#include "aws/answer_reader.hpp"

#include <array>
#include <string_view>

namespace ferry::feature {
namespace {

namespace json = boost::json;

// The members that the service's own deployment names too, where they are what its tasks really run with.
constexpr std::array<std::string_view, 4> kPlaceMembers{"taskDefinition", "networkConfiguration",
                                                        "capacityProviderStrategy", "platformVersion"};

bool is_empty(const json::value& value) {
  return (value.is_array() && value.get_array().empty()) || (value.is_object() && value.get_object().empty());
}

// RunTask refuses tags in AWS's own name space.
json::array own_tags(const json::object& service) {
  json::array tags;
  for (const json::object* tag : aws::objects_in(service, "tags")) {
    if (!aws::text_in(*tag, "key").starts_with("aws:")) tags.push_back(*tag);
  }
  return tags;
}

}  // namespace

json::object like_service(const json::object& service) {
  json::object input;
  for (const std::string_view member : kPlaceMembers) {
    const json::value* value = service.if_contains(member);
    if (value != nullptr && !is_empty(*value)) input[member] = *value;
  }
  const std::string launch_type = aws::text_in(service, "launchType");
  if (!launch_type.empty() && !input.contains("capacityProviderStrategy")) input["launchType"] = launch_type;
  // Fargate's alone: EC2 and EXTERNAL tasks have none.
  if (launch_type == "EC2" || launch_type == "EXTERNAL") input.erase("platformVersion");
  if (aws::flag_in(service, "enableExecuteCommand", false)) input["enableExecuteCommand"] = true;
  json::array tags = own_tags(service);
  if (!tags.empty()) input["tags"] = std::move(tags);
  return input;
}

}  // namespace ferry::feature

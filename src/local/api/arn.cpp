#include "local/api/arn.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

namespace ferry::local {

std::optional<Arn> parse_arn(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() < 6 || parts[0] != "arn") return std::nullopt;
  const auto resource = static_cast<std::size_t>(parts[5].data() - text.data());
  return Arn{.service = std::string(parts[2]),
             .region = std::string(parts[3]),
             .account = std::string(parts[4]),
             .resource = std::string(text.substr(resource))};
}

bool may_be_ours(std::string_view reference, std::string_view service, std::string_view region,
                 std::string_view type) {
  if (!reference.starts_with("arn:")) return true;
  const std::optional<Arn> arn = parse_arn(reference);
  const std::string_view resource = arn ? std::string_view(arn->resource) : std::string_view();
  return arn && reference.starts_with("arn:aws:") && arn->service == service && arn->region == region &&
         arn->account == kAccount && resource.substr(0, resource.find_first_of("/:")) == type;
}

std::string make_arn(std::string_view service, std::string_view region, std::string_view resource) {
  return fmt::format("arn:aws:{}:{}:{}:{}", service, region, kAccount, resource);
}

std::string cluster_arn(std::string_view region, std::string_view cluster) {
  return make_arn("ecs", region, fmt::format("cluster/{}", cluster));
}

std::string task_arn(std::string_view region, std::string_view cluster, std::string_view task_id) {
  return make_arn("ecs", region, fmt::format("task/{}/{}", cluster, task_id));
}

std::string container_arn(std::string_view region, std::string_view cluster, std::string_view task_id,
                          std::string_view container_id) {
  return make_arn("ecs", region, fmt::format("container/{}/{}/{}", cluster, task_id, container_id));
}

std::string service_arn(std::string_view region, std::string_view cluster, std::string_view service) {
  return make_arn("ecs", region, fmt::format("service/{}/{}", cluster, service));
}

std::string task_definition_arn(std::string_view region, std::string_view family, int revision) {
  return make_arn("ecs", region, fmt::format("task-definition/{}:{}", family, revision));
}

std::string_view short_name(std::string_view arn_or_name) {
  const std::size_t slash = arn_or_name.rfind('/');
  return slash == std::string_view::npos ? arn_or_name : arn_or_name.substr(slash + 1);
}

std::string cluster_name_of(std::string_view reference) {
  return reference.empty() ? "default" : std::string(short_name(reference));
}

std::string cluster_name_in(std::string_view arn) {
  const auto parsed = parse_arn(arn);
  if (!parsed) return {};
  const auto parts = split(parsed->resource, '/');
  return parts.size() < 3 ? std::string() : std::string(parts[1]);
}

}  // namespace ferry::local

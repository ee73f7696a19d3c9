#include "feature/near_targets.hpp"

#include "aws/answer_reader.hpp"
#include "aws/ecs.hpp"
#include "base/near_names.hpp"
#include "net/unless.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr milliseconds kPatience{3'000};
constexpr int kPageSize = 100;

// What one kind of thing is listed by.
struct Listing {
  std::string operation;
  json::object input;
  std::string member;  // of the answer: names or ARNs
};

std::string family_of(std::string_view task_definition) {
  task_definition = task_definition.substr(task_definition.rfind('/') + 1);  // of an ARN
  return std::string(task_definition.substr(0, task_definition.find(':')));
}

Listing clusters() {
  return {.operation = "ListClusters", .input = {}, .member = "clusterArns"};
}

// Those that begin alike: an account may have more families than a page holds.
Listing families(std::string_view family) {
  return {.operation = "ListTaskDefinitionFamilies",
          .input = {{"familyPrefix", family.substr(0, 1)}, {"status", "ACTIVE"}},
          .member = "families"};
}

Listing listing_of(const Target& target) {
  switch (target.kind) {
    case Target::Kind::family:
      return families(target.name);
    case Target::Kind::task:
      return {.operation = "ListTasks", .input = {{"cluster", target.cluster}}, .member = "taskArns"};
    case Target::Kind::service:
      break;
  }
  return {.operation = "ListServices", .input = {{"cluster", target.cluster}}, .member = "serviceArns"};
}

net::Task<std::vector<std::string>> names_in(aws::Client& client, Listing listing) {
  listing.input["maxResults"] = kPageSize;
  const std::optional<Result<json::object>> answer =
      co_await within(client.loop(), kPatience,
                      client.call(aws::Service::ecs, std::move(listing.operation), std::move(listing.input)));
  if (!answer || !*answer) co_return std::vector<std::string>{};
  std::vector<std::string> names = aws::texts_in(**answer, listing.member);
  for (std::string& name : names) name.erase(0, name.rfind('/') + 1);  // nothing where there is no slash
  co_return names;
}

bool is_about_target(const Failure& failure) {
  if (failure.service_code == "ServiceNotFoundException") return true;
  return failure.code == FailureCode::not_found && failure.service_code.empty();
}

}  // namespace

net::Task<std::vector<std::string>> near_clusters(aws::Client& client, std::string cluster) {
  const std::vector<std::string> names = co_await names_in(client, clusters());
  co_return near_names(std::string_view(cluster).substr(cluster.rfind('/') + 1), names);
}

net::Task<std::vector<std::string>> near_targets(aws::Client& client, Target target) {
  std::vector<std::string> names = co_await names_in(client, listing_of(target));
  if (target.kind == Target::Kind::task) {
    // Of ids as much is compared, and shown, as was written.
    for (std::string& id : names) id.resize(std::min(id.size(), target.name.size()));
  }
  co_return near_names(target.name, names);
}

net::Task<Failure> with_near_targets(aws::Client& client, Target target, Failure failure) {
  if (aws::ecs::error_of(failure) == aws::ecs::Error::cluster_not_found) {
    const std::vector<std::string> near = co_await near_clusters(client, target.cluster);
    const std::string_view cluster = target.cluster;
    co_return with_near_names(std::move(failure), cluster.substr(cluster.rfind('/') + 1), near);
  }
  if (!is_about_target(failure)) co_return failure;
  const std::vector<std::string> near = co_await near_targets(client, target);
  co_return with_near_names(std::move(failure), target.name, near);
}

net::Task<Failure> with_near_families(aws::Client& client, std::string task_definition, Failure failure) {
  const std::string family = family_of(task_definition);
  const std::vector<std::string> names = co_await names_in(client, families(family));
  co_return with_near_names(std::move(failure), family, names);
}

}  // namespace ferry::feature

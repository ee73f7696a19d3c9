#include "feature/container_choice.hpp"

#include "base/near_names.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// "aws-for-fluent-bit" of "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable".
std::string_view repository_of(std::string_view image) {
  image = image.substr(0, image.find('@'));
  image = image.substr(image.rfind('/') + 1);  // all of it where there is no slash
  return image.substr(0, image.find(':'));
}

std::vector<std::string> names_of(std::span<const ContainerCandidate> candidates) {
  std::vector<std::string> names;
  std::ranges::transform(candidates, std::back_inserter(names), &ContainerCandidate::name);
  return names;
}

std::vector<ContainerCandidate> own(std::span<const ContainerCandidate> candidates) {
  std::vector<ContainerCandidate> left;
  std::ranges::remove_copy_if(candidates, std::back_inserter(left), is_put_there_by_aws);
  return left;
}

// Where a definition was not read, any may be.
bool may_be_essential(const ContainerCandidate& candidate) {
  return candidate.is_essential.value_or(true);
}

// The only one, in the order of the rule; null where there is none.
const ContainerCandidate* only_one(std::span<const ContainerCandidate> candidates) {
  return candidates.size() == 1 ? &candidates.front() : nullptr;
}

std::string why_not(std::span<const ContainerCandidate> candidates, std::string_view chosen) {
  std::vector<std::string> of_aws;
  std::vector<std::string> lesser;
  for (const ContainerCandidate& candidate : candidates) {
    if (candidate.name == chosen) continue;
    (is_put_there_by_aws(candidate) ? of_aws : lesser).push_back(candidate.name);
  }
  std::vector<std::string> reasons;
  if (!of_aws.empty()) reasons.push_back(fmt::format("put there by AWS: {}", join(of_aws, ", ")));
  if (!lesser.empty()) reasons.push_back(fmt::format("not essential: {}", join(lesser, ", ")));
  return join(reasons, "; ");
}

ContainerChoice chosen(std::span<const ContainerCandidate> candidates, const std::string& name) {
  return {.name = name,
          .notice =
              fmt::format("container {} ({}); --container chooses another", name, why_not(candidates, name))};
}

}  // namespace

bool is_put_there_by_aws(const ContainerCandidate& candidate) {
  constexpr std::array<std::string_view, 2> kPrefixes{"ecs-service-connect-", "aws-guardduty-agent"};
  constexpr std::array<std::string_view, 4> kNames{"xray-daemon", "aws-xray-daemon", "cloudwatch-agent",
                                                   "aws-otel-collector"};
  constexpr std::array<std::string_view, 6> kRepositories{
      "aws-for-fluent-bit",          "aws-xray-daemon",  "cloudwatch-agent", "aws-otel-collector",
      "aws-guardduty-agent-fargate", "aws-appmesh-envoy"};
  if (candidate.is_log_router || candidate.is_outside_definition) return true;
  const auto begins = [&candidate](std::string_view prefix) { return candidate.name.starts_with(prefix); };
  return std::ranges::any_of(kPrefixes, begins) ||
         std::ranges::find(kNames, candidate.name) != kNames.end() ||
         std::ranges::find(kRepositories, repository_of(candidate.image)) != kRepositories.end();
}

std::vector<ContainerCandidate> container_candidates(const aws::ecs::Task& task,
                                                     const aws::ecs::TaskDefinition* definition) {
  if (task.containers.empty() && definition != nullptr) return container_candidates(*definition);
  std::vector<ContainerCandidate> candidates;
  for (const aws::ecs::Container& container : task.containers) {
    ContainerCandidate candidate;
    candidate.name = container.name;
    candidate.image = container.image;
    if (definition != nullptr) {
      const auto defined =
          std::ranges::find(definition->containers, container.name, &aws::ecs::ContainerDefinition::name);
      candidate.is_outside_definition = defined == definition->containers.end();
      if (!candidate.is_outside_definition) {
        candidate.is_log_router = defined->is_log_router;
        candidate.is_essential = defined->essential;
      }
    }
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

std::vector<ContainerCandidate> container_candidates(const aws::ecs::TaskDefinition& definition) {
  std::vector<ContainerCandidate> candidates;
  for (const aws::ecs::ContainerDefinition& container : definition.containers) {
    ContainerCandidate candidate;
    candidate.name = container.name;
    candidate.image = container.image;
    candidate.is_log_router = container.is_log_router;
    candidate.is_essential = container.essential;
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

bool is_definition_needed(std::span<const ContainerCandidate> candidates, std::string_view wanted) {
  if (candidates.empty()) return true;
  if (!wanted.empty() || candidates.size() == 1) return false;
  const std::vector<ContainerCandidate> left = own(candidates);
  return left.size() > 1 && std::ranges::any_of(left, [](const ContainerCandidate& candidate) {
           return !candidate.is_essential.has_value();
         });
}

Result<ContainerChoice> choose_container(std::span<const ContainerCandidate> candidates,
                                         std::string_view wanted, std::string_view whose) {
  const std::vector<std::string> names = names_of(candidates);
  const std::string list = join(names, ", ");
  if (candidates.empty()) return fail(FailureCode::not_found, fmt::format("{} lists no containers", whose));
  if (!wanted.empty()) {
    if (std::ranges::find(names, wanted) != names.end())
      return ContainerChoice{.name = std::string(wanted), .notice = {}};
    Failure failure{.code = FailureCode::not_found,
                    .what = fmt::format("{} has no container '{}'", whose, wanted),
                    .hint = fmt::format("it has: {}", list),
                    .service_code = {}};
    return fail(with_near_names(std::move(failure), wanted, names));
  }
  if (candidates.size() == 1) return ContainerChoice{.name = names.front(), .notice = {}};
  const std::vector<ContainerCandidate> own_ones = own(candidates);
  if (const ContainerCandidate* only = only_one(own_ones)) return chosen(candidates, only->name);
  std::vector<ContainerCandidate> essential;
  std::ranges::copy_if(own_ones, std::back_inserter(essential), may_be_essential);
  if (const ContainerCandidate* only = only_one(essential)) return chosen(candidates, only->name);
  return fail(FailureCode::ambiguous, fmt::format("{} has {} containers: {}", whose, names.size(), list),
              "choose one with --container or FERRY_CONTAINER");
}

}  // namespace ferry::feature

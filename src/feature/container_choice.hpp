// Which of a task's containers is meant, for every command: the one that was named; else the only one; else
// the only one that was not put there by AWS; else the only one of those that is essential. Pure,
// thread-safe.
#pragma once

#include "aws/ecs.hpp"
#include "base/result.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::feature {

// What is known of a container. DescribeTasks gives name and image, the task definition the rest.
struct ContainerCandidate {
  std::string name;
  std::string image;
  bool is_log_router = false;          // has a firelensConfiguration
  bool is_outside_definition = false;  // the task has it, its task definition does not: ECS put it in
  std::optional<bool> is_essential;    // nothing where the task definition was not read
};

// Service Connect's proxy, GuardDuty's agent, FireLens routers, the daemons of X-Ray, CloudWatch and
// OpenTelemetry: by what is known, by name, and by the last part of the image's name.
bool is_put_there_by_aws(const ContainerCandidate& candidate);

// The task's containers, with what its task definition says of them (`definition` may be null); the
// definition's own where the task lists none.
std::vector<ContainerCandidate> container_candidates(const aws::ecs::Task& task,
                                                     const aws::ecs::TaskDefinition* definition);
std::vector<ContainerCandidate> container_candidates(const aws::ecs::TaskDefinition& definition);

// True where the choice needs what only the task definition says: worth a call.
bool is_definition_needed(std::span<const ContainerCandidate> candidates, std::string_view wanted);

struct ContainerChoice {
  std::string name;
  std::string notice;  // which one was chosen and why not the others; empty where nothing had to be chosen
};

// `wanted` is the user's word (--container, FERRY_CONTAINER), empty for none; `whose` says in messages whose
// containers these are ("task 0123"). Failures list the containers: `not_found` where none is called
// `wanted`, `ambiguous` where the rule leaves more than one, or none.
Result<ContainerChoice> choose_container(std::span<const ContainerCandidate> candidates,
                                         std::string_view wanted, std::string_view whose);

}  // namespace ferry::feature

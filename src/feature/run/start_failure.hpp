// What RunTask's refusals mean: its errors, and the reasons in failures[] of an answer that placed nothing.
// Pure, thread-safe.
#pragma once

#include "aws/ecs.hpp"
#include "base/result.hpp"

#include <string_view>

namespace ferry::feature {

struct StartCause {
  std::string_view code;   // the error's name, or what the reason begins with
  std::string_view words;  // the message holds them too; may be empty
  std::string_view cause;
  std::string_view next_step;
  bool lacks_capacity = false;  // another capacity provider may have room
  bool is_passing = false;      // the same call may well succeed a minute later
};

// The first row of the table that fits a failure of RunTask, or one made by placement_failure(); null where
// the service says something that is not known. The codes are those of the ECS API reference (RunTask; "API
// failure reasons" in the developer guide), the messages as seen in public.
const StartCause* start_cause_of(const Failure& failure);

// An element of failures[] as a failure (refused): the service's own words, cause and next step.
Failure placement_failure(const aws::ecs::ServiceFailure& reason);

// RunTask's own refusal, with the next step where there is one and none was given.
Failure with_next_step(Failure refusal);

// Whether another capacity provider, or the same call a little later, may bring a task.
bool lacks_capacity_now(const Failure& failure);
bool may_start_later(const Failure& failure);

}  // namespace ferry::feature

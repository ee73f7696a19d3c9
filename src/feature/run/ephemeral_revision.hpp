// What RunTask cannot override, said by a revision of the task definition that lives for one run.
// Pure, thread-safe.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::feature {

// Every family that ferry registers in begins so, and ferry deregisters in no other.
inline constexpr std::string_view kRevisionFamilyPrefix = "ferry-";

// What single flags say about the chosen container. Empty members say nothing.
struct RevisionChange {
  std::string image;
  std::vector<std::string> entry_point;
  std::vector<std::pair<std::string, std::string>> secrets;  // variable, ARN of its secret or parameter
  std::string log_group;                                     // of CloudWatch Logs, for awslogs; it must exist
  bool logs_of_all_containers = false;  // log_group is for each container, not only the chosen one
  bool allowed = false;                 // --ephemeral-revision

  [[nodiscard]] bool empty() const {
    return image.empty() && entry_point.empty() && secrets.empty() && log_group.empty();
  }
};

// Whether RunTask alone cannot do it: something of `change`, or overrides beyond RunTask's 8192 characters.
// `overrides` is RunTask's member, whole.
bool needs_revision(const RevisionChange& change, const boost::json::object& overrides);

struct RevisedRun {
  boost::json::object definition;  // RegisterTaskDefinition's input
  boost::json::object overrides;   // what is left of RunTask's; may be empty
};

// `definition` is DescribeTaskDefinition's taskDefinition. The revision has all of it that
// RegisterTaskDefinition takes, in the family ferry-FAMILY, with `change` on `container`; the overrides move
// into it where they are too long. `region` is where log_group is.
// Fails (usage) where --ephemeral-revision was not given, where the definition lacks a container that is
// changed, where a variable is to be both a value and a secret, and where the revision is longer than the 64
// KiB that ECS takes.
Result<RevisedRun> revision_from(const boost::json::object& definition, const std::string& container,
                                 const RevisionChange& change, boost::json::object overrides,
                                 const std::string& region);

// `definition` with a docker label on its first container by which the revision is recognised again: unlike a
// tag, that takes no further right, and DescribeTaskDefinition always shows it.
boost::json::object marked(boost::json::object definition, const std::string& mark);
// That label's value; empty where there is none.
std::string mark_of(const boost::json::object& definition);

}  // namespace ferry::feature

// The life of an ephemeral revision: journalled, registered, deregistered. Its end where ferry was killed is
// revision_sweep.hpp's. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "feature/run/ephemeral_revision.hpp"
#include "feature/run/revision_journal.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/object.hpp>

namespace ferry::feature {

// One that is registered. Without deregister() it stays registered until the next ferry command finds its
// journal entry.
class EphemeralRevision {
 public:
  explicit EphemeralRevision(JournalEntry entry) : entry_(std::move(entry)) {}
  [[nodiscard]] const std::string& arn() const { return entry_.arn(); }

 private:
  friend net::Task<Result<>> deregister(aws::Client& client, EphemeralRevision revision);
  JournalEntry entry_;
};

// `definition` is revision_from()'s; `source_arn` the task definition it came from (whose account is the
// revision's); `journal_folder` revision_journal_folder()'s. 1 call, made again for up to half a minute while
// the service asks to slow down and `called_off`, which outlives the call, is not set. May be cancelled: the
// journal then knows that a revision may be there.
net::Task<Result<EphemeralRevision>> register_revision(aws::Client& client, std::string journal_folder,
                                                       boost::json::object definition, std::string source_arn,
                                                       net::Event& called_off);

// What a run does before RunTask: where RunTask alone cannot do it (needs_revision()), registers a revision
// and turns `input`, RunTask's, and `definition`, DescribeTaskDefinition's taskDefinition, into that
// revision's. Both outlive the call. Nothing is registered, and nothing changed, where a failure comes back.
net::Task<Result<std::optional<EphemeralRevision>>> revise(aws::Client& client, std::string journal_folder,
                                                           RevisionChange change, std::string container,
                                                           boost::json::object& definition,
                                                           boost::json::object& input,
                                                           net::Event& called_off);

// Safe as soon as RunTask has accepted the last task that runs it: "Existing tasks and services that
// reference an INACTIVE task definition continue to run without disruption" (DeregisterTaskDefinition in the
// ECS API reference). 1 call, at most 5 s. After a failure the journal still has it; the failure says so.
net::Task<Result<>> deregister(aws::Client& client, EphemeralRevision revision);

// Whatever the ARN says, only of a family that begins with ferry-. One that is no longer there counts as
// done. 1 call, and 1 more where the service refuses.
net::Task<Result<>> deregister_revision(aws::Client& client, std::string arn);

// FAMILY:REVISION
std::string revision_name(std::string_view arn);

}  // namespace ferry::feature

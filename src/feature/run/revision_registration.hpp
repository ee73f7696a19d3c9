// The life of an ephemeral revision: journalled, registered, deregistered; and the end of those whose ferry
// was killed. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "feature/run/revision_journal.hpp"
#include "net/task.hpp"

#include <functional>
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
// revision's); `journal_folder` revision_journal_folder()'s. 1 call. May be cancelled: the journal then knows
// that a revision may be there.
net::Task<Result<EphemeralRevision>> register_revision(aws::Client& client, std::string journal_folder,
                                                       boost::json::object definition,
                                                       std::string source_arn);

// Safe as soon as RunTask has accepted the last task that runs it: "Existing tasks and services that
// reference an INACTIVE task definition continue to run without disruption" (DeregisterTaskDefinition in the
// ECS API reference). 1 call, at most 5 s. After a failure the journal still has it; the failure says so.
net::Task<Result<>> deregister(aws::Client& client, EphemeralRevision revision);

// Deregisters what processes that have ended left registered in this account, region and endpoint. Calls
// nobody where nothing was left. At most 3 s and 20 revisions; what fails or does not fit waits for a later
// command. `notice` gets a line for each revision that was deregistered or could not be.
net::Task<> sweep_revisions(aws::Client& client, std::string journal_folder,
                            std::function<void(std::string_view)> notice);

}  // namespace ferry::feature

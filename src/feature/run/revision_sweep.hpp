// The end of ephemeral revisions whose ferry was killed, or could not deregister them. The loop's thread
// only.
#pragma once

#include "aws/client.hpp"
#include "net/task.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace ferry::feature {

// Deregisters what processes that have ended left registered in this account, region and endpoint, as the
// journal in this folder has it. Calls nobody where nothing was left. At most 3 s and 20 revisions; what
// fails rests for five minutes, what does not fit waits for the next command. `notice` gets a line for each
// revision that was deregistered or could not be.
net::Task<> sweep_revisions(aws::Client& client, std::string journal_folder,
                            std::function<void(std::string_view)> notice);

// The same with the journal of this user, wherever the environment puts it. Whoever calls AWS for a user does
// this first.
net::Task<> sweep_revisions(aws::Client& client, aws::Environment environment,
                            std::function<void(std::string_view)> notice);

}  // namespace ferry::feature

// What every command that calls AWS needs: the common flags, and a client made from them and the environment.
#pragma once

#include "aws/client.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"
#include "cli/arguments.hpp"
#include "cli/waiting.hpp"
#include "sys/environment.hpp"

#include <memory>
#include <string>

namespace ferry::cli {

using sys::environment_variable;

// --cluster, else FERRY_CLUSTER, else "default".
std::string cluster_or_default(const std::string& flag);

// --container, else FERRY_CONTAINER, else empty.
std::string container_or_environment(const std::string& flag);

// --region, --profile, --endpoint-url, --max-rate and --debug.
void describe_connection_flags(Arguments& arguments, aws::Flags& flags);

// A client made of the flags and the environment. Calls nobody but, for a region that they do not name, the
// instance's metadata; the loop must not be running. Where the user or the time limit came first, `waiting`
// has the ending.
Result<std::unique_ptr<aws::Client>> make_client(Waiting& waiting, const aws::Flags& flags);

// The same, and also ends what an earlier ferry was killed over (feature/run/revision_sweep.hpp): every
// command that reaches AWS comes through here. Where there is nothing of that kind, that is a look into a
// folder.
Result<std::unique_ptr<aws::Client>> connect(Waiting& waiting, const aws::Flags& flags);

}  // namespace ferry::cli

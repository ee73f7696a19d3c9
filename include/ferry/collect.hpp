// The second of two steps for programs that call ExecuteCommand themselves, through an SDK (`ferry collect`);
// the first is wrap().
#pragma once

#include <ferry/options.hpp>
#include <ferry/result.hpp>
#include <string_view>

namespace ferry {

// Enters the session that ExecuteCommand has just opened, runs the command of wrap() there and waits for its
// end. Soon after ExecuteCommand, and once for each response: the token in it is short-lived.
//
// `response` is the SDK's response as JSON, member names in either letter case (`session` or `Session`), or
// the session object alone; at most 1 MB. Other members are not looked at. It holds a secret, the token: it
// is in no message of ferry's.
//
// Works without credentials, for as long as AWS takes unsigned sessions; Options::notice is told of it. With
// them (see Options) the session is signed, a dropped connection is resumed, an encrypted session is entered,
// and `Framing::automatic` can be exact; where they cannot be found the call goes on without, unless Options
// names a profile or an endpoint.
//
// Result, errors and threads as for exec().
CommandResult collect(std::string_view response, const Options& options = {});

}  // namespace ferry

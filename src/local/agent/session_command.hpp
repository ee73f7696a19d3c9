// What a session runs: the arguments that its command string means, how they are started, and what the
// client is told where that fails. Words and rules are those of the public amazon-ssm-agent in container
// mode. Pure; thread-safe.
#pragma once

#include "base/result.hpp"
#include "local/agent/session_registry.hpp"

#include <string>
#include <vector>

namespace ferry::local {

// Split, not interpreted: no shell takes part. Failure usage: no command, without a word, or the reason why
// it cannot be split. A comment alone is no command.
Result<std::vector<std::string>> session_argv(const SessionRequest& request);

// InteractiveCommands and Standard_Stream have a terminal.
bool has_terminal(SessionRequest::Kind kind);

// The session type that a handshake announces; empty where there is none. Sessions without a terminal have a
// handshake, and encrypted ones.
std::string handshake_session_type(const SessionRequest& request);

// The Output of channel_closed for a session that could not begin: for session_argv()'s Failure, or one of
// starting the command.
std::string begin_failure_text(const SessionRequest& request, const Failure& failure);

}  // namespace ferry::local

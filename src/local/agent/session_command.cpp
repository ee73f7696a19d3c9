#include "local/agent/session_command.hpp"

#include "base/text.hpp"
#include "wire/command_line.hpp"
#include "wire/handshake_payloads.hpp"

#include <fmt/format.h>

namespace ferry::local {

namespace {

std::string_view name_of(SessionRequest::Kind kind) {
  switch (kind) {
    case SessionRequest::Kind::interactive_commands:
      return wire::session_type::interactive_commands;
    case SessionRequest::Kind::non_interactive_commands:
      return wire::session_type::non_interactive_commands;
    case SessionRequest::Kind::standard_stream:
      break;
  }
  return wire::session_type::standard_stream;
}

}  // namespace

Result<std::vector<std::string>> session_argv(const SessionRequest& request) {
  if (request.kind == SessionRequest::Kind::standard_stream) return std::vector<std::string>{"sh"};
  if (trim(request.command).empty()) return fail(FailureCode::usage, std::string());
  Result<std::vector<std::string>> words = wire::split_command_line(request.command);
  if (words && words->empty()) return fail(FailureCode::usage, std::string());
  return words;
}

bool has_terminal(SessionRequest::Kind kind) {
  return kind != SessionRequest::Kind::non_interactive_commands;
}

std::string handshake_session_type(const SessionRequest& request) {
  const bool has_handshake = !has_terminal(request.kind) || !request.kms_key_id.empty();
  return has_handshake ? std::string(name_of(request.kind)) : std::string();
}

// The agent's messages end in line ends, each part with its own.
std::string begin_failure_text(const SessionRequest& request, const Failure& failure) {
  constexpr std::string_view head = "\n----------ERROR-------\n";
  if (failure.code == FailureCode::usage && failure.what.empty())
    return fmt::format("Commands cannot be empty for session type {}", name_of(request.kind));
  if (failure.code == FailureCode::usage)
    return fmt::format("{}Unable to start command: Failed to parse commands input: {}\n\n", head,
                       failure.what);
  if (has_terminal(request.kind))
    return fmt::format("{}Unable to start command: Failed to start pty: {}\n\n", head, failure.what);
  return fmt::format("{}Error occurred starting the command: {}\n", head, failure.what);
}

}  // namespace ferry::local

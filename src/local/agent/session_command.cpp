#include "local/agent/session_command.hpp"

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
  Result<std::vector<std::string>> words = wire::split_command_line(request.command);
  if (!words) return fail(FailureCode::usage, "Failed to parse commands input: " + words.error().what);
  if (words->empty())
    return fail(FailureCode::usage,
                fmt::format("Commands cannot be empty for session type {}", name_of(request.kind)));
  return words;
}

bool has_terminal(SessionRequest::Kind kind) {
  return kind != SessionRequest::Kind::non_interactive_commands;
}

std::string handshake_session_type(const SessionRequest& request) {
  const bool has_handshake = !has_terminal(request.kind) || !request.kms_key_id.empty();
  return has_handshake ? std::string(name_of(request.kind)) : std::string();
}

std::string begin_failure_text(const Failure& failure) {
  const bool has_started = failure.code != FailureCode::usage;
  return fmt::format("\n----------ERROR-------\n{}{}",
                     has_started ? "Unable to start command: Failed to start pty: " : "", failure.what);
}

}  // namespace ferry::local

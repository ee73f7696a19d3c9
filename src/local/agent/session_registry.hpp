// The sessions into containers: what ExecuteCommand and StartSession open, the websocket serves,
// ResumeSession and TerminateSession name. Owns the agent side of every open session; bounded by the limit of
// sessions a container. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "local/runtime/container_runtime.hpp"
#include "net/http_server.hpp"
#include "net/loop.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::local {

struct SessionRequest {
  enum class Kind { interactive_commands, non_interactive_commands, standard_stream };
  Kind kind = Kind::interactive_commands;
  std::string id_prefix = "ecs-execute-command-";
  std::string target;  // "ecs:CLUSTER_TASKID_RUNTIMEID"
  std::string command;
  bool separate_output = false;  // NonInteractiveCommands
};

struct SessionTicket {
  std::string session_id, token_value;
};

class SessionRegistry {
 public:
  SessionRegistry(net::Loop& loop, int max_sessions_a_container);
  ~SessionRegistry();

  // A container that can be entered, by runtime id, for as long as it runs. container_ended() closes its
  // sessions: each client gets channel_closed after the output that was already written.
  void container_started(std::string runtime_id, Container& container);
  net::Task<> container_ended(std::string runtime_id);

  // Failure not_found: no such running container; refused: too many sessions (the service's message).
  Result<SessionTicket> open(SessionRequest request);
  // A fresh token for a session whose client was lost; the old one is void.
  Result<SessionTicket> resume(const std::string& session_id);
  bool terminate(const std::string& session_id);

  // For an upgrade of GET /v1/data-channel/<session id>: what to do with the websocket. The token comes as
  // the first message.
  std::optional<net::WebSocketSession> session_for(std::string_view target);

  // Ends every session and waits for them.
  net::Task<> shut_down();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ferry::local

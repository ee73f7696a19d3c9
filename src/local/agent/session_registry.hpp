// The sessions into containers: what ExecuteCommand and StartSession open, the websocket serves,
// ResumeSession and TerminateSession name. Owns the agent side of every open session; bounded by the limit of
// sessions a container. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "local/agent/transcript.hpp"
#include "local/keys/key_service.hpp"
#include "local/runtime/container_runtime.hpp"
#include "net/http_server.hpp"
#include "net/loop.hpp"

#include <cstddef>
#include <functional>
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
  std::string kms_key_id;        // of an encrypted session
  std::string log_group;         // where what it prints is logged; empty: nowhere
};

struct SessionTicket {
  std::string session_id, token_value;
};

struct SessionLimits {
  // Those whose command still runs or whose client is there.
  int max_sessions_a_container = 2;
  milliseconds idle_timeout{20 * 60'000};     // without a byte either way, whether a client is there or not
  milliseconds first_client_timeout{60'000};  // from open() until somebody shows the token
  milliseconds token_timeout{10'000};         // from the websocket's opening to the message with the token
};

// What sessions use of the rest of the endpoint, which must outlive them. A session that needs what is not
// there does without a log, or fails in its handshake.
struct SessionMeans {
  LogStore* logs = nullptr;
  const KeyService* keys = nullptr;
  Notice notice = [](const std::string&) {};
  // Asked for each client's connection: after how many bytes to the client it is to be cut, by a fault rule.
  std::function<std::optional<std::size_t>()> cut_after = [] { return std::nullopt; };
};

class SessionRegistry {
 public:
  explicit SessionRegistry(net::Loop& loop, SessionLimits limits = {}, SessionMeans means = {});
  // After shut_down().
  ~SessionRegistry();
  SessionRegistry(const SessionRegistry&) = delete;
  SessionRegistry& operator=(const SessionRegistry&) = delete;

  // A container that can be entered, by runtime id, for as long as it runs. container_ended() closes its
  // sessions: each client gets channel_closed after the output that was already written. It returns when no
  // session uses the container any more, and does not wait for the clients.
  void container_started(std::string runtime_id, Container& container);
  net::Task<> container_ended(std::string runtime_id);

  // The command starts at once; what it writes waits for the client, as far as the window reaches.
  // Failure not_found: no such running container; refused: too many sessions (the service's message).
  Result<SessionTicket> open(SessionRequest request);
  // A fresh token for a session whose client was lost; the old one is void. Failure not_found.
  Result<SessionTicket> resume(const std::string& session_id);
  // Kills the command and closes the channel; false where there is no such session.
  bool terminate(const std::string& session_id);

  // For an upgrade of GET /v1/data-channel/<session id>: what to do with the websocket. The token comes as
  // the first message.
  std::optional<net::WebSocketSession> session_for(std::string_view target);

  // Ends every session and waits for them.
  net::Task<> shut_down();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the sessions' coroutines
};

}  // namespace ferry::local

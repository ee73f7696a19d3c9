// The other side of a data channel in tests: takes the request to open, then plays the agent role after a
// script, on one websocket.
#pragma once

#include "net/websocket.hpp"
#include "wire/agent_session.hpp"

#include <cstddef>
#include <string>

namespace ferry::test {

class ScriptedAgent {
 public:
  // The script.
  std::string handshake_session_type;  // with a handshake it also sends "warning" on stderr, and exit code 3
  std::string greeting = "ready ";
  std::size_t flood_bytes = 0;     // of the letter f, after the greeting
  std::string end_marker = "bye";  // input that ends the session
  std::string close_output;
  bool drops_after_greeting = false;
  bool sends_garbage = false;

  // What the client did.
  std::string token;
  std::string input;
  wire::TerminalSize size;

  net::Task<> serve(net::WebSocket socket);

 private:
  wire::AgentSession make_session() const;
  void handle(const wire::AgentEvent& event, wire::AgentSession& session);
  net::Task<bool> write_frames(net::WebSocket& socket, wire::AgentSession& session);

  std::size_t flooded_ = 0;
};

}  // namespace ferry::test

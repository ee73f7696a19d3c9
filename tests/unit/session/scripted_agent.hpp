// The other side of a data channel in tests: takes the request to open, then plays the agent role after a
// script, on one websocket after the other.
#pragma once

#include "net/websocket.hpp"
#include "wire/agent_session.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace ferry::test {

// `size` bytes in which no piece is like its neighbour: what is lost, repeated or swapped shows.
std::string distinct_text(std::size_t size);

// Where a connection ends in the middle: after so many messages in one direction, acknowledgements included.
struct Cut {
  std::size_t after_sent = SIZE_MAX;
  std::size_t after_received = SIZE_MAX;  // beside the request to open
};

class ScriptedAgent {
 public:
  // The script.
  std::string handshake_session_type;  // with a handshake it also sends "warning" on stderr, and exit code 3
  std::string kms_key_id;              // where there is one, the session is encrypted with `data_key`
  Bytes data_key;
  std::string greeting = "ready ";
  std::size_t flood_bytes = 0;     // of distinct_text(), after the greeting
  std::string end_marker = "bye";  // input that ends the session
  std::string close_output;
  bool drops_after_greeting = false;
  bool sends_garbage = false;
  std::deque<Cut> cuts;                     // of the connections, in order; the others are not cut
  std::vector<std::string> refused_tokens;  // the connection ends when one is presented
  std::size_t deaf_connections = 0;         // the first ones, which nobody serves, until `hears_again` is set
  net::Event* hears_again = nullptr;

  // What the client did.
  std::vector<std::string> tokens;
  Bytes encrypted_data_key;
  std::string input;
  wire::TerminalSize size;

  net::Task<> serve(net::WebSocket socket);

 private:
  wire::AgentSession make_session() const;
  void handle(const wire::AgentEvent& event);
  net::Task<> converse(net::WebSocket& socket);
  net::Task<bool> write_frames(net::WebSocket& socket);

  std::optional<wire::AgentSession> session_;  // lives through all connections
  std::string flood_;
  std::size_t flooded_ = 0;  // bytes of it
  Cut cut_;                  // what is left of it for the present connection
};

}  // namespace ferry::test

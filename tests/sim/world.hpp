// A client, an agent and the two links between them, in simulated time: both ends have bytes for each other
// from the beginning, and both read them now slower, now faster.
#pragma once

#include "base/time.hpp"
#include "lossy_link.hpp"
#include "wire/agent_session.hpp"
#include "wire/client_session.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace ferry::sim {

struct Scenario {
  std::uint64_t seed = 0;
  Faults faults;
  std::size_t input_bytes = 0, output_bytes = 0;
  bool has_handshake = false;
  bool client_acknowledges_duplicates = true;
  bool agent_acknowledges_duplicates = true;
  int agent_stalls_percent = 0;  // of the inputs it reads: it then reads nothing for a while
  int cuts = 0;                  // connections that break on the way
  // When the client has got so much, both links begin to drop everything.
  std::optional<std::size_t> dead_after_output_bytes;
};

class World {
 public:
  explicit World(Scenario scenario);

  // Until both ends have said that the session is over, or `longest` of simulated time has passed.
  void run(milliseconds longest);

  [[nodiscard]] milliseconds elapsed() const { return now_ - start; }

  Bytes input, output;                    // what each end has to say
  Bytes received_input, received_output;  // what the other end got
  std::optional<wire::client_event::Closed> client_closed;
  std::optional<wire::agent_event::Closed> agent_closed;
  std::optional<Failure> client_failure, agent_failure;
  std::optional<milliseconds> died_after, client_failed_after, agent_failed_after;
  std::string protocol_error;  // of receive(): never expected
  int connections = 0;

 private:
  static constexpr Instant start{milliseconds(1'000'000)};

  void connect();
  void disconnect();
  void step();
  void deliver();
  void write_data();
  void move_frames();
  void poll_client();
  void poll_agent();
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] std::optional<Instant> next_moment() const;

  Scenario scenario_;
  Random random_;
  Instant now_ = start;
  wire::ClientSession client_;
  wire::AgentSession agent_;
  LossyLink to_agent_, to_client_;
  std::size_t input_sent_ = 0, output_sent_ = 0;
  bool is_connected_ = false;
  Instant agent_reads_again_ = start;
  std::optional<Instant> next_cut_, next_connect_;
};

}  // namespace ferry::sim

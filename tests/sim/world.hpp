// A client, an agent and the two links between them, in simulated time; what the two have for each other is
// up to their Ends.
#pragma once

#include "base/time.hpp"
#include "lossy_link.hpp"
#include "wire/agent_message.hpp"
#include "wire/agent_session.hpp"
#include "wire/client_session.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace ferry::sim {

struct Scenario {
  std::uint64_t seed = 0;
  Faults faults;
  bool has_handshake = false;
  bool client_acknowledges_duplicates = true;
  bool agent_acknowledges_duplicates = true;
  int agent_stalls_percent = 0;  // of the inputs it reads: it then reads nothing for a while
  // How long the agent waits for the last acknowledgements. By default longer than many resends.
  milliseconds close_timeout{120'000};
  // Of the input messages: the agent's own connection breaks when it has written one and not yet acknowledged
  // it, and it writes that message again when it comes again.
  int agent_breaks_percent = 0;
  std::optional<std::size_t> agent_breaks_at;  // so it does once, at the message with this number from 0
  int cuts = 0;                                // connections that break on the way
  milliseconds longest_before_cut{300};
  bool is_resume_refused = false;  // a broken connection is not made again
  // When the client has got so much, both links begin to drop everything.
  std::optional<std::size_t> dead_after_output_bytes;
};

// What client and agent do with their session.
class Ends {
 public:
  Ends() = default;
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  virtual ~Ends() = default;

  // The client got output; the agent got input.
  virtual void take_output(BytesView bytes, Instant now) = 0;
  virtual void take_input(BytesView bytes, Instant now) = 0;
  // Both say what they have to say now; the agent ends the session when it has no more.
  virtual void write(wire::ClientSession& client, wire::AgentSession& agent, Instant now) = 0;
  // When write() next has something to do that no message brings about.
  [[nodiscard]] virtual std::optional<Instant> deadline() const { return std::nullopt; }
  // The client has what it wants and leaves.
  [[nodiscard]] virtual bool is_client_done() const { return false; }
};

class World {
 public:
  World(Scenario scenario, Ends& ends);

  // Until both ends have said that the session is over, nothing more can happen, or `longest` of simulated
  // time has passed.
  void run(milliseconds longest);

  [[nodiscard]] milliseconds elapsed() const { return now_ - start; }

  std::size_t received_output_bytes = 0;
  std::optional<wire::client_event::Closed> client_closed;
  std::optional<wire::agent_event::Closed> agent_closed;
  std::optional<Failure> client_failure, agent_failure;
  std::optional<milliseconds> died_after, client_failed_after, agent_failed_after;
  std::string protocol_error;  // of receive(): never expected
  int connections = 0;
  std::size_t written_twice = 0;  // input messages, by an agent whose connection broke

  static constexpr Instant start{milliseconds(1'000'000)};

 private:
  void connect();
  void disconnect();
  void step();
  void deliver();
  [[nodiscard]] bool breaks_after_writing(const wire::AgentMessage& message);
  void write_and_break(const wire::AgentMessage& message);
  void note_input(const wire::AgentMessage& message);
  void move_frames();
  void poll_client();
  void poll_agent();
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] std::optional<Instant> next_moment() const;

  Scenario scenario_;
  Ends& ends_;
  Random random_;
  Instant now_ = start;
  wire::ClientSession client_;
  wire::AgentSession agent_;
  LossyLink to_agent_, to_client_;
  bool is_connected_ = false;
  // The next input message in order, those that the agent has ahead of it (true: data for the terminal), and
  // how many of the earlier ones there were and were written.
  std::int64_t next_input_ = 0, last_written_twice_ = -1;
  std::map<std::int64_t, bool> input_messages_;
  std::size_t inputs_in_order_ = 0, inputs_written_ = 0;
  Instant agent_reads_again_ = start;
  std::optional<Instant> next_cut_, next_connect_;
};

}  // namespace ferry::sim

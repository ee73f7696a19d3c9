// Random bytes both ways at once: each end has all of its own from the beginning, and the agent ends the
// session when both are through, as a command does that has read all of its input and written all of its
// output.
#pragma once

#include "world.hpp"

namespace ferry::sim {

class BulkTransfer : public Ends {
 public:
  BulkTransfer(std::uint64_t seed, std::size_t input_bytes, std::size_t output_bytes);

  void take_output(BytesView bytes, Instant now) override;
  void take_input(BytesView bytes, Instant now) override;
  void write(wire::ClientSession& client, wire::AgentSession& agent, Instant now) override;

  Bytes input, output;                    // what each end has to say
  Bytes received_input, received_output;  // what the other end got

 private:
  std::size_t input_sent_ = 0, output_sent_ = 0;
};

}  // namespace ferry::sim

#include "bulk_transfer.hpp"

namespace ferry::sim {

BulkTransfer::BulkTransfer(std::uint64_t seed, std::size_t input_bytes, std::size_t output_bytes) {
  Random random(~seed);
  input = random.bytes(input_bytes);
  output = random.bytes(output_bytes);
}

void BulkTransfer::take_output(BytesView bytes, Instant /*now*/) {
  received_output.insert(received_output.end(), bytes.begin(), bytes.end());
}

void BulkTransfer::take_input(BytesView bytes, Instant /*now*/) {
  received_input.insert(received_input.end(), bytes.begin(), bytes.end());
}

void BulkTransfer::write(wire::ClientSession& client, wire::AgentSession& agent, Instant now) {
  input_sent_ += client.send_input(BytesView(input).subspan(input_sent_), now);
  output_sent_ += agent.send_output(wire::OutputKind::output, BytesView(output).subspan(output_sent_), now);
  if (output_sent_ == output.size() && received_input.size() == input.size()) agent.close("", now);
}

}  // namespace ferry::sim

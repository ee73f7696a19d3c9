// Messages of real sessions between the stock client and the stock agent: tests/data/messages, one a file,
// with what they say as seen by an independent decoder.
#pragma once

#include "base/text.hpp"
#include "wire/agent_message.hpp"

#include <string>
#include <vector>

namespace ferry::test {

struct GoldenMessage {
  std::string name;  // the file's, without its ending
  Bytes bytes;
  wire::AgentMessage expected;
};

// Throws std::runtime_error when the file is missing or malformed: the test data are wrong.
GoldenMessage load_golden_message(const std::string& name);
std::vector<GoldenMessage> load_golden_messages();

// A source that counts: 00000000-0000-0000-0000-000000000001 and so on.
wire::UuidSource counting_uuids();

}  // namespace ferry::test

#include "wire/agent_message.hpp"

#include "golden_message.hpp"
#include "wire/handshake_payloads.hpp"
#include "wire/session_payloads.hpp"

#include <gtest/gtest.h>

namespace ferry::wire {
namespace {

using test::GoldenMessage;
using test::load_golden_message;
using test::load_golden_messages;

constexpr std::size_t digest_at = 80;
constexpr std::size_t payload_length_at = 116;

TEST(AgentMessage, DecodesEveryFieldOfRealMessages) {
  const std::vector<GoldenMessage> messages = load_golden_messages();
  ASSERT_GE(messages.size(), 18U);
  for (const GoldenMessage& golden : messages) {
    const auto message = decode(golden.bytes, DigestCheck::verify);
    ASSERT_TRUE(message) << golden.name << ": " << message.error().line();
    EXPECT_EQ(message->type, golden.expected.type) << golden.name;
    EXPECT_EQ(uuid_text(message->id), uuid_text(golden.expected.id)) << golden.name;
    EXPECT_EQ(*message, golden.expected) << golden.name;
  }
}

TEST(AgentMessage, EncodesRealMessagesToTheByte) {
  for (const GoldenMessage& golden : load_golden_messages()) {
    EXPECT_EQ(hex(encode(golden.expected)), hex(golden.bytes)) << golden.name;
  }
}

TEST(AgentMessage, RefusesEveryTruncation) {
  for (const GoldenMessage& golden : load_golden_messages()) {
    for (std::size_t length = 0; length < golden.bytes.size(); ++length) {
      const Bytes cut(golden.bytes.begin(), golden.bytes.begin() + static_cast<std::ptrdiff_t>(length));
      const auto message = decode(cut, DigestCheck::ignore);
      ASSERT_FALSE(message) << golden.name << " cut to " << length;
      EXPECT_EQ(message.error().code, FailureCode::protocol);
    }
  }
}

TEST(AgentMessage, OnlyAClientMindsAWrongDigest) {
  GoldenMessage golden = load_golden_message("output_first");
  golden.bytes[digest_at] ^= 1U;
  EXPECT_FALSE(decode(golden.bytes, DigestCheck::verify));
  EXPECT_TRUE(decode(golden.bytes, DigestCheck::ignore));
}

TEST(AgentMessage, RefusesALengthThatDoesNotFit) {
  GoldenMessage golden = load_golden_message("output_first");
  golden.bytes.push_back(0);
  const auto longer = decode(golden.bytes, DigestCheck::ignore);
  ASSERT_FALSE(longer);
  EXPECT_NE(longer.error().what.find("announces 9 bytes of payload and carries 10"), std::string::npos);
}

TEST(AgentMessage, RefusesAnotherHeaderLength) {
  for (const int length : {0, 115, 117, 255}) {
    GoldenMessage golden = load_golden_message("output_first");
    golden.bytes[3] = static_cast<std::uint8_t>(length);
    EXPECT_FALSE(decode(golden.bytes, DigestCheck::ignore)) << length;
  }
}

TEST(AgentMessage, RefusesAMessageWithoutTypeOrDate) {
  GoldenMessage no_type = load_golden_message("output_first");
  std::fill_n(no_type.bytes.begin() + 4, 32, std::uint8_t{' '});
  EXPECT_FALSE(decode(no_type.bytes, DigestCheck::ignore));
  GoldenMessage no_date = load_golden_message("output_first");
  std::fill_n(no_date.bytes.begin() + 40, 8, std::uint8_t{0});
  EXPECT_FALSE(decode(no_date.bytes, DigestCheck::ignore));
  GoldenMessage wild_date = load_golden_message("output_first");
  std::fill_n(wild_date.bytes.begin() + 40, 8, std::uint8_t{0xff});
  EXPECT_FALSE(decode(wild_date.bytes, DigestCheck::ignore));
}

TEST(AgentMessage, ReadsATypePaddedWithNuls) {
  GoldenMessage golden = load_golden_message("size");
  for (std::size_t at = 4; at < 36; ++at) {
    if (golden.bytes[at] == ' ') golden.bytes[at] = 0;
  }
  const auto message = decode(golden.bytes, DigestCheck::verify);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, "input_stream_data");
}

TEST(AgentMessage, LooksOnlyAtTheHeaderOfPublicationMessages) {
  for (const char* const type : {"start_publication", "pause_publication"}) {
    AgentMessage message;
    message.type = type;
    Bytes bytes = encode(message);  // no date, no payload
    bytes[payload_length_at] = 0x7f;
    const auto decoded = decode(bytes, DigestCheck::verify);
    ASSERT_TRUE(decoded) << decoded.error().line();
    EXPECT_EQ(decoded->type, type);
    EXPECT_TRUE(decoded->payload.empty());
  }
}

TEST(AgentMessage, RefusesMoreThanItsLimit) {
  AgentMessage message;
  message.type = message_type::output_stream_data;
  message.created = WallTime(milliseconds(1));
  message.payload.resize(max_message_bytes - message_header_bytes);
  Bytes bytes = encode(message);
  EXPECT_TRUE(decode(bytes, DigestCheck::ignore));
  bytes.push_back(0);
  EXPECT_FALSE(decode(bytes, DigestCheck::ignore));
}

TEST(AgentMessage, KeepsPayloadTypesThatItDoesNotKnow) {
  GoldenMessage golden = load_golden_message("output_first");
  golden.expected.payload_type = PayloadType{4711};
  const auto message = decode(encode(golden.expected), DigestCheck::verify);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->payload_type, PayloadType{4711});
}

}  // namespace
}  // namespace ferry::wire

#include "wire/reliable_channel.hpp"

#include "golden_message.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::wire {
namespace {

constexpr Instant start{milliseconds(1'000'000)};

AgentMessage numbered(std::int64_t sequence_number, std::string_view text = "x") {
  AgentMessage message;
  message.type = message_type::output_stream_data;
  message.created = WallTime(milliseconds(1));
  message.sequence_number = sequence_number;
  message.payload_type = PayloadType::output;
  message.payload = to_bytes(text);
  return message;
}

Acknowledge acknowledge_of(std::int64_t sequence_number) {
  return {.message_type = std::string(message_type::input_stream_data),
          .message_id = {},
          .sequence_number = sequence_number};
}

class Channel : public testing::Test {
 protected:
  static ReliableChannel make(ChannelLimits limits = {}) {
    return {message_type::input_stream_data,
            {.new_uuid = test::counting_uuids(), .wall_offset = milliseconds(5)},
            limits};
  }

  void send(int count) {
    for (int sent = 0; sent < count; ++sent) channel.send(PayloadType::output, to_bytes("data"), start);
  }

  // All that wants to leave now.
  std::vector<AgentMessage> drain(Instant now) {
    std::vector<AgentMessage> messages;
    while (const auto frame = channel.poll_frame(now)) {
      const auto message = decode(*frame, DigestCheck::verify);
      EXPECT_TRUE(message);
      messages.push_back(*message);
    }
    return messages;
  }

  // The sequence numbers of the acknowledgements that want to leave.
  std::vector<std::int64_t> drain_acknowledges() {
    std::vector<std::int64_t> numbers;
    for (const AgentMessage& message : drain(start)) {
      EXPECT_EQ(message.type, message_type::acknowledge);
      EXPECT_EQ(message.flags, 3U);
      numbers.push_back(parse_acknowledge(message.payload)->sequence_number);
    }
    return numbers;
  }

  std::string take_all() {
    std::string text;
    while (const auto message = channel.take()) text += as_text(message->payload);
    return text;
  }

  ReliableChannel channel = make();
};

using Numbers = std::vector<std::int64_t>;

TEST_F(Channel, NumbersAndMarksWhatItSends) {
  send(2);
  const auto messages = drain(start);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1].sequence_number, 1);
  EXPECT_EQ(messages[0].flags, 0U);  // a client marks nothing
  EXPECT_EQ(messages[0].type, "input_stream_data");
  EXPECT_EQ(messages[0].created.time_since_epoch(), milliseconds(1'000'005));
  EXPECT_NE(messages[0].id, messages[1].id);
}

TEST_F(Channel, AcknowledgesWhatIsInOrderOnlyOnceItIsTaken) {
  channel.receive(numbered(0, "a"));
  EXPECT_EQ(drain_acknowledges(), Numbers());
  EXPECT_EQ(take_all(), "a");
  EXPECT_EQ(drain_acknowledges(), Numbers({0}));
}

TEST_F(Channel, AcknowledgesEarlyMessagesAtOnceAndHandsThemOnInOrder) {
  channel.receive(numbered(2, "c"));
  channel.receive(numbered(1, "b"));
  EXPECT_EQ(drain_acknowledges(), Numbers({2, 1}));
  EXPECT_EQ(take_all(), "");
  EXPECT_EQ(channel.waiting_behind_gap(), 2U);
  channel.receive(numbered(0, "a"));
  EXPECT_EQ(channel.waiting_behind_gap(), 0U);
  EXPECT_EQ(take_all(), "abc");
  EXPECT_EQ(drain_acknowledges(), Numbers({0}));
}

TEST_F(Channel, AcknowledgesDuplicatesAgain) {
  channel.receive(numbered(0, "a"));
  EXPECT_EQ(take_all(), "a");
  channel.receive(numbered(0, "a"));
  channel.receive(numbered(5, "f"));
  channel.receive(numbered(5, "f"));
  EXPECT_EQ(take_all(), "");
  EXPECT_EQ(drain_acknowledges(), Numbers({0, 0, 5, 5}));
}

TEST_F(Channel, DropsWithoutAcknowledgementWhatItCannotKeep) {
  channel.receive(numbered(10'000));
  EXPECT_EQ(drain_acknowledges(), Numbers());
  channel.receive(numbered(9'999));
  EXPECT_EQ(drain_acknowledges(), Numbers({9'999}));
}

TEST_F(Channel, KeepsNoMoreBytesThanItsLimitButAlwaysTheNextMessage) {
  ChannelLimits limits;
  limits.receive_buffer_bytes = 10;
  channel = make(limits);
  channel.receive(numbered(1, "12345678"));
  channel.receive(numbered(2, "12345678"));
  EXPECT_EQ(drain_acknowledges(), Numbers({1}));
  channel.receive(numbered(0, "abcdefghijklmn"));
  EXPECT_EQ(take_all(), "abcdefghijklmn12345678");
}

TEST_F(Channel, SendsNoMoreThanTheWindow) {
  send(100);
  EXPECT_EQ(drain(start).size(), 64U);
  channel.receive_acknowledge(acknowledge_of(0), start);
  const auto next = drain(start);
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].sequence_number, 64);
}

TEST_F(Channel, HasRoomForOneWindowBehindTheWindow) {
  send(64);
  drain(start);
  EXPECT_TRUE(channel.has_room());
  send(63);
  EXPECT_TRUE(channel.has_room());
  send(1);
  EXPECT_FALSE(channel.has_room());
  channel.receive_acknowledge(acknowledge_of(0), start);
  drain(start);
  EXPECT_TRUE(channel.has_room());
}

TEST_F(Channel, ResendsTheSameBytesAndBacksOff) {
  send(1);
  const auto first = drain(start);
  ASSERT_EQ(first.size(), 1U);
  Instant last = start;
  std::vector<std::int64_t> waits;
  while (waits.size() < 7) {
    const Instant now = channel.deadline().value();
    channel.tick(now);
    EXPECT_EQ(drain(now), first);
    waits.push_back((now - last).count());
    last = now;
  }
  EXPECT_EQ(waits, Numbers({200, 400, 800, 1600, 3200, 5000, 5000}));
}

TEST_F(Channel, ResendsEachUnacknowledgedMessageNotOnlyTheOldest) {
  send(3);
  drain(start);
  channel.receive_acknowledge(acknowledge_of(1), start + milliseconds(10));
  const Instant later = start + milliseconds(1'000);
  channel.tick(later);
  const auto resent = drain(later);
  ASSERT_EQ(resent.size(), 2U);
  EXPECT_EQ(resent[0].sequence_number, 0);
  EXPECT_EQ(resent[1].sequence_number, 2);
}

TEST_F(Channel, AnAcknowledgementEndsResending) {
  send(1);
  drain(start);
  channel.tick(start + milliseconds(200));  // due, but not written yet
  channel.receive_acknowledge(acknowledge_of(0), start + milliseconds(201));
  EXPECT_TRUE(drain(start + milliseconds(201)).empty());
  EXPECT_EQ(channel.deadline(), std::nullopt);
  EXPECT_EQ(channel.unacknowledged(), 0U);
}

TEST_F(Channel, IgnoresAcknowledgementsOfWhatItNeverSent) {
  send(1);
  channel.receive_acknowledge(acknowledge_of(0), start);
  channel.receive_acknowledge(acknowledge_of(99), start);
  channel.receive_acknowledge(acknowledge_of(-1), start);
  EXPECT_EQ(drain(start).size(), 1U);
}

TEST_F(Channel, WaitsLongerOnASlowLinkAndLearnsNothingFromResentMessages) {
  send(1);
  drain(start);
  channel.receive_acknowledge(acknowledge_of(0), start + milliseconds(900));
  // smoothed 7/8 * 100 + 900/8 = 200; variation 800/4 = 200; 200 + 4 * 200
  const Instant later = start + milliseconds(1'000);
  send(1);
  drain(later);
  ASSERT_EQ(channel.deadline(), later + milliseconds(1'000));
  channel.tick(later + milliseconds(1'000));
  drain(later + milliseconds(1'000));
  channel.receive_acknowledge(acknowledge_of(1), later + milliseconds(1'001));
  send(1);
  drain(later + milliseconds(1'001));
  EXPECT_GE(channel.deadline().value(), later + milliseconds(2'001));
}

TEST_F(Channel, GivesUpAfterFiveMinutes) {
  send(1);
  drain(start);
  while (!channel.is_lost()) {
    const Instant now = channel.deadline().value();
    ASSERT_LE(now, start + milliseconds(300'000));
    channel.tick(now);
    EXPECT_EQ(channel.is_lost(), now == start + milliseconds(300'000));
    drain(now);
  }
  EXPECT_EQ(channel.deadline(), std::nullopt);
}

TEST_F(Channel, ALostAcknowledgementNeitherClosesTheWindowNorEndsTheSession) {
  send(1);
  drain(start);
  for (std::int64_t number = 1; number < 500; ++number) {
    const Instant now = start + milliseconds(number * 1'000);
    send(1);
    channel.tick(now);
    drain(now);
    channel.receive_acknowledge(acknowledge_of(number), now + milliseconds(1));
    ASSERT_FALSE(channel.is_lost());
  }
  EXPECT_EQ(channel.unacknowledged(),
            0U);  // proved: many copies of it were followed by something acknowledged
}

TEST_F(Channel, WhileSuspendedOnlyAcknowledgementsLeave) {
  send(2);
  drain(start);
  channel.suspend();
  send(1);
  channel.receive(numbered(0));
  take_all();
  EXPECT_EQ(drain_acknowledges(), Numbers({0}));
  EXPECT_EQ(channel.deadline(), std::nullopt);
  channel.tick(start + milliseconds(1'000'000));
  EXPECT_FALSE(channel.is_lost());

  const Instant later = start + milliseconds(1'000'000);
  channel.resume(later);
  const auto again = drain(later);
  ASSERT_EQ(again.size(), 3U);
  EXPECT_EQ(again[0].sequence_number, 0);
  EXPECT_EQ(again[2].sequence_number, 2);
  EXPECT_EQ(channel.deadline(), later + milliseconds(200));
}

}  // namespace
}  // namespace ferry::wire

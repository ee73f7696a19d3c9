#include "wire/client_session.hpp"

#include "golden_message.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::wire {
namespace {

using test::load_golden_message;

constexpr Instant start{milliseconds(1'000'000)};

AgentMessage output(std::int64_t sequence_number, PayloadType payload_type, std::string_view payload) {
  return {.type = std::string(message_type::output_stream_data),
          .schema_version = 1,
          .created = WallTime(milliseconds(1)),
          .sequence_number = sequence_number,
          .flags = 0,
          .id = {},
          .payload_type = payload_type,
          .payload = to_bytes(payload)};
}

AgentMessage closed(std::string_view json) {
  AgentMessage message = output(0, PayloadType::none, json);
  message.type = message_type::channel_closed;
  return message;
}

constexpr std::string_view plain_handshake =
    R"({"AgentVersion":"3.3.0.0","RequestedClientActions":[{"ActionType":"SessionType",)"
    R"("ActionParameters":{"SessionType":"NonInteractiveCommands","Properties":null}}]})";

class Client : public testing::Test {
 protected:
  Client() {
    session.connect("secret-token", start);
    const auto opening = session.poll_frame(start);
    EXPECT_TRUE(opening && opening->is_text);
    open = as_text(opening->payload);
  }

  void receive(const AgentMessage& message) {
    const auto received = session.receive(encode(message), start);
    ASSERT_TRUE(received) << received.error().line();
    drain_events();
  }

  // What the session tells, as text: one line an event.
  void drain_events() {
    while (const auto event = session.poll_event(start)) {
      if (std::holds_alternative<client_event::Ready>(*event)) told += "ready\n";
      if (const auto* data = std::get_if<client_event::Output>(&*event)) {
        told += (data->is_standard_error ? "stderr " : "stdout ") + std::string(as_text(data->bytes)) + "\n";
      }
      if (const auto* code = std::get_if<client_event::ExitCode>(&*event)) {
        told += "exit " + std::to_string(code->value) + "\n";
      }
      if (const auto* text = std::get_if<client_event::CustomerMessage>(&*event))
        told += "says " + text->text + "\n";
      if (const auto* end = std::get_if<client_event::Closed>(&*event)) {
        told += "closed [" + end->output + "] lost " + std::to_string(end->lost_messages) + "\n";
      }
      if (const auto* failed = std::get_if<client_event::Failed>(&*event))
        told += "failed " + failed->failure.what + "\n";
    }
  }

  std::vector<AgentMessage> drain_frames(Instant now = start) {
    std::vector<AgentMessage> messages;
    while (const auto frame = session.poll_frame(now)) {
      const auto message = decode(frame->payload, DigestCheck::verify);
      EXPECT_TRUE(message);
      messages.push_back(*message);
    }
    return messages;
  }

  ClientSession session{
      {.session_id = "ferry-1", .stamp = {.new_uuid = test::counting_uuids()}, .limits = {}}};
  std::string open;
  std::string told;
};

TEST_F(Client, OpensTheChannelWithItsToken) {
  const auto request = parse_open_data_channel(open);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->token_value, "secret-token");
  EXPECT_EQ(request->client_version, "1.2.764.0");
  EXPECT_TRUE(parse_uuid(request->client_id));
}

TEST_F(Client, FollowsARealSessionToItsEnd) {
  for (const char* const name :
       {"output_first", "output_echo", "output_of_command", "output_last", "channel_closed"}) {
    ASSERT_TRUE(session.receive(load_golden_message(name).bytes, start)) << name;
    drain_events();
    if (session.is_over()) break;
    const auto answers = drain_frames();
    ASSERT_EQ(answers.size(), 1U) << name;
    const auto acknowledge = parse_acknowledge(answers[0].payload);
    EXPECT_EQ(acknowledge->message_id, load_golden_message(name).expected.id) << name;
  }
  EXPECT_EQ(told,
            "ready\nstdout hello\r\n# \nstdout echo x\r\n\nstdout x\r\n# \nstdout \r\n\nclosed [] lost 0\n");
  EXPECT_TRUE(session.is_over());
  EXPECT_EQ(session.deadline(), std::nullopt);
}

TEST_F(Client, AcknowledgesAsTheStockClientDoes) {
  receive(load_golden_message("output_first").expected);
  const auto answers = drain_frames();
  ASSERT_EQ(answers.size(), 1U);
  const AgentMessage expected = load_golden_message("acknowledge_by_client").expected;
  EXPECT_EQ(answers[0].type, expected.type);
  EXPECT_EQ(answers[0].flags, expected.flags);
  EXPECT_EQ(as_text(answers[0].payload), as_text(expected.payload));
}

TEST_F(Client, EveryTruncationOfAMessageIsAnError) {
  for (const test::GoldenMessage& golden : test::load_golden_messages()) {
    for (std::size_t length = 0; length < golden.bytes.size(); ++length) {
      const BytesView cut = BytesView(golden.bytes).first(length);
      ASSERT_FALSE(session.receive(cut, start)) << golden.name << " cut to " << length;
    }
  }
}

TEST_F(Client, WithoutHandshakeInputWaitsForTheFirstOutput) {
  EXPECT_EQ(session.send_input(as_bytes("early"), start), 0U);
  session.send_size({.columns = 80, .rows = 24});
  session.send_size({.columns = 132, .rows = 43});
  EXPECT_TRUE(drain_frames().empty());
  receive(output(0, PayloadType::output, "$ "));
  EXPECT_EQ(session.send_input(as_bytes("ls\n"), start), 3U);
  const auto frames = drain_frames();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].type, "acknowledge");
  EXPECT_EQ(as_text(frames[1].payload), R"({"cols":132,"rows":43})");
  EXPECT_EQ(as_text(frames[2].payload), "ls\n");
}

TEST_F(Client, InputCanGoToAnAgentThatSaysNothing) {
  EXPECT_EQ(session.send_input(as_bytes("x"), start), 0U);
  session.assume_ready();
  drain_events();
  EXPECT_EQ(told, "ready\n");
  EXPECT_EQ(session.send_input(as_bytes("x"), start), 1U);
  receive(output(0, PayloadType::output, "hello"));
  EXPECT_EQ(told, "ready\nstdout hello\n");
}

TEST_F(Client, AHandshakeTakesAnAssumedReadinessBack) {
  session.assume_ready();
  receive(output(0, PayloadType::handshake_request, plain_handshake));
  EXPECT_EQ(session.send_input(as_bytes("x"), start), 0U);
  receive(
      output(1, PayloadType::handshake_complete, R"({"HandshakeTimeToComplete":1,"CustomerMessage":""})"));
  EXPECT_EQ(session.send_input(as_bytes("x"), start), 1U);
}

TEST_F(Client, CompletesAHandshake) {
  receive(output(0, PayloadType::handshake_request, plain_handshake));
  const auto answers = drain_frames();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].type, "acknowledge");
  EXPECT_EQ(answers[1].payload_type, PayloadType::handshake_response);
  EXPECT_EQ(
      as_text(answers[1].payload),
      R"({"ClientVersion":"1.2.764.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1,)"
      R"("ActionResult":null,"Error":""}],"Errors":null})");
  EXPECT_EQ(told, "");
  EXPECT_FALSE(session.is_ready());
  receive(
      output(1, PayloadType::handshake_complete, R"({"HandshakeTimeToComplete":1,"CustomerMessage":"Hi"})"));
  receive(output(2, PayloadType::output, "out"));
  receive(output(3, PayloadType::standard_error, "err"));
  receive(output(4, PayloadType::exit_code, "EXIT_CODE: 7"));
  receive(closed(R"({"Output":""})"));
  EXPECT_EQ(told, "says Hi\nready\nstdout out\nstderr err\nexit 7\nclosed [] lost 0\n");
}

TEST_F(Client, CompletesAHandshakeThatComesOutOfOrder) {
  receive(
      output(1, PayloadType::handshake_complete, R"({"HandshakeTimeToComplete":1,"CustomerMessage":""})"));
  EXPECT_FALSE(session.is_ready());
  receive(output(0, PayloadType::handshake_request, plain_handshake));
  EXPECT_TRUE(session.is_ready());
}

TEST_F(Client, SaysWhichHandshakeActionsItCannotDo) {
  receive(load_golden_message("handshake_request").expected);
  const auto answers = drain_frames();
  ASSERT_EQ(answers.size(), 2U);
  const std::string answer(as_text(answers[1].payload));
  EXPECT_NE(answer.find(R"("ActionType":"SessionType","ActionStatus":1)"), std::string::npos) << answer;
  EXPECT_NE(answer.find(R"("ActionType":"KMSEncryption","ActionStatus":2)"), std::string::npos) << answer;
  EXPECT_NE(answer.find("KMS key"), std::string::npos) << answer;
}

TEST_F(Client, AnswersUnknownActionsAsUnsupported) {
  receive(output(0, PayloadType::handshake_request,
                 R"({"AgentVersion":"9","RequestedClientActions":[{"ActionType":"Dance"}]})"));
  const auto answers = drain_frames();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_NE(as_text(answers[1].payload).find(R"("ActionType":"Dance","ActionStatus":3)"), std::string::npos);
}

TEST_F(Client, TellsWhyTheServiceClosedTheChannel) {
  receive(closed(R"({"SessionId":"ferry-1","Output":"Unable to start command"})"));
  EXPECT_EQ(told, "closed [Unable to start command] lost 0\n");
}

TEST_F(Client, SaysWhenOutputIsMissingAtTheEnd) {
  receive(output(0, PayloadType::output, "a"));
  receive(output(2, PayloadType::output, "c"));
  receive(closed(R"({"Output":""})"));
  EXPECT_EQ(told, "ready\nstdout a\nclosed [] lost 1\n");
}

TEST_F(Client, AcknowledgesAndIgnoresWhatItDoesNotKnow) {
  receive(output(0, PayloadType::flag, "\0\0\0\2"));
  receive(output(1, PayloadType{99}, "?"));
  EXPECT_EQ(told, "");
  EXPECT_EQ(drain_frames().size(), 2U);
  AgentMessage strange = output(0, PayloadType::none, "");
  strange.type = "start_publication";
  receive(strange);
  strange.type = "something_new";
  receive(strange);
  EXPECT_TRUE(drain_frames().empty());
}

TEST_F(Client, RefusesAnUnreadableExitCode) {
  receive(output(0, PayloadType::exit_code, "EXIT_CODE: ?"));
  EXPECT_EQ(told, "failed the message with the exit code has no readable code\n");
  EXPECT_TRUE(session.is_over());
}

TEST_F(Client, GoesOnAfterAReconnect) {
  receive(output(0, PayloadType::output, "a"));
  session.send_input(as_bytes("typed"), start);
  drain_frames();
  session.disconnect();
  EXPECT_EQ(session.deadline(), std::nullopt);
  EXPECT_EQ(session.poll_frame(start), std::nullopt);

  session.connect("second-token", start);
  const auto opening = session.poll_frame(start);
  ASSERT_TRUE(opening && opening->is_text);
  EXPECT_EQ(parse_open_data_channel(as_text(opening->payload))->token_value, "second-token");
  const auto again = drain_frames();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].sequence_number, 0);
  EXPECT_EQ(as_text(again[0].payload), "typed");
  receive(output(1, PayloadType::output, "b"));
  EXPECT_EQ(told, "ready\nstdout a\nstdout b\n");
}

TEST_F(Client, ReportsAnAgentThatStoppedAnswering) {
  receive(output(0, PayloadType::output, "a"));
  session.send_input(as_bytes("typed"), start);
  drain_frames();
  Instant now = start;
  while (!session.is_over()) {
    now = session.deadline().value();
    session.tick(now);
    drain_frames(now);
    drain_events();
  }
  EXPECT_EQ(now, start + milliseconds(300'000));
  EXPECT_EQ(told, "ready\nstdout a\nfailed session ferry-1 is lost: the container stopped answering\n");
}

TEST_F(Client, CutsInputIntoMessagesThatAgentsRead) {
  receive(output(0, PayloadType::output, "a"));
  drain_frames();
  const Bytes input(200'000, 'i');
  const std::size_t taken = session.send_input(input, start);
  EXPECT_EQ(taken, 64U * 1024U);
  for (const AgentMessage& message : drain_frames()) EXPECT_LE(message.payload.size(), 1024U);
}

}  // namespace
}  // namespace ferry::wire

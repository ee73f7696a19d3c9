#include "wire/agent_session.hpp"

#include "golden_message.hpp"
#include "wire/handshake_payloads.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::wire {
namespace {

using test::load_golden_message;

constexpr Instant start{milliseconds(1'000'000)};

AgentMessage input(std::int64_t sequence_number, PayloadType payload_type, std::string_view payload) {
  return {.type = std::string(message_type::input_stream_data),
          .schema_version = 1,
          .created = WallTime(milliseconds(1)),
          .sequence_number = sequence_number,
          .flags = 0,
          .id = {},
          .payload_type = payload_type,
          .payload = to_bytes(payload)};
}

AgentMessage acknowledge(std::int64_t sequence_number) {
  AgentMessage message =
      input(0, PayloadType::none,
            to_json(Acknowledge{
                .message_type = "output_stream_data", .message_id = {}, .sequence_number = sequence_number}));
  message.type = message_type::acknowledge;
  return message;
}

AgentMessage of_service(std::string_view type) {
  AgentMessage message;
  message.type = type;
  return message;
}

AgentSession make_session(std::string handshake_session_type) {
  AgentSessionSettings settings;
  settings.session_id = "ferry-1";
  settings.handshake_session_type = std::move(handshake_session_type);
  settings.customer_message = "Welcome";
  settings.stamp.new_uuid = test::counting_uuids();
  return AgentSession(std::move(settings));
}

class Agent : public testing::Test {
 protected:
  void receive(const AgentMessage& message) {
    const auto received = session.receive(encode(message), start);
    ASSERT_TRUE(received) << received.error().line();
  }

  // What the session tells, as text: one line an event.
  std::string told() {
    std::string text;
    while (const auto event = session.poll_event(start)) {
      if (const auto* ready = std::get_if<agent_event::Ready>(&*event))
        text += "ready " + ready->client_version + "\n";
      if (const auto* data = std::get_if<agent_event::Input>(&*event))
        text += "input " + std::string(as_text(data->bytes)) + "\n";
      if (const auto* resized = std::get_if<agent_event::Resized>(&*event))
        text += "columns " + std::to_string(resized->size.columns) + "\n";
      if (const auto* flag = std::get_if<agent_event::FlagReceived>(&*event))
        text += "flag " + std::to_string(flag->flag) + "\n";
      if (const auto* end = std::get_if<agent_event::Closed>(&*event))
        text += "closed " + std::to_string(end->unacknowledged) + "\n";
      if (const auto* failed = std::get_if<agent_event::Failed>(&*event))
        text += "failed " + failed->failure.what + "\n";
    }
    return text;
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

  AgentSession session = make_session("");
};

TEST_F(Agent, WithoutHandshakeOutputLeavesAtOnce) {
  EXPECT_EQ(session.send_output(OutputKind::output, as_bytes("too early"), start), 0U);
  session.connect(start);
  EXPECT_EQ(told(), "ready \n");
  EXPECT_EQ(session.send_output(OutputKind::output, as_bytes("hello\r\n# "), start), 9U);
  const auto frames = drain_frames();
  ASSERT_EQ(frames.size(), 1U);
  const AgentMessage expected = load_golden_message("output_first").expected;
  EXPECT_EQ(frames[0].type, expected.type);
  EXPECT_EQ(frames[0].flags, expected.flags);
  EXPECT_EQ(frames[0].payload_type, expected.payload_type);
  EXPECT_EQ(frames[0].payload, expected.payload);
}

TEST_F(Agent, ReceivesWhatARealClientSends) {
  session.connect(start);
  told();
  for (const char* const name : {"size", "input_line", "input_end_of_file"}) {
    ASSERT_TRUE(session.receive(load_golden_message(name).bytes, start)) << name;
  }
  EXPECT_EQ(told(), "columns 80\ninput echo x\n\ninput \x04\n");
  EXPECT_EQ(as_text(drain_frames().at(0).payload),
            as_text(load_golden_message("acknowledge_by_agent").expected.payload));
}

TEST_F(Agent, EveryTruncationOfAMessageIsAnError) {
  session.connect(start);
  for (const test::GoldenMessage& golden : test::load_golden_messages()) {
    for (std::size_t length = 0; length < golden.bytes.size(); ++length) {
      const BytesView cut = BytesView(golden.bytes).first(length);
      ASSERT_FALSE(session.receive(cut, start)) << golden.name << " cut to " << length;
    }
  }
}

TEST_F(Agent, PushesBackInputThatIsNotTakenAndStillReadsAcknowledgements) {
  session.connect(start);
  told();
  session.send_output(OutputKind::output, as_bytes("x"), start);
  drain_frames();
  receive(input(0, PayloadType::output, "a"));
  receive(acknowledge(0));
  EXPECT_TRUE(drain_frames().empty());
  EXPECT_EQ(session.deadline(), std::nullopt);  // the output is acknowledged
  EXPECT_EQ(told(), "input a\n");
  EXPECT_EQ(drain_frames().size(), 1U);
}

TEST_F(Agent, CompletesAHandshakeAndDropsWhatCameTooEarly) {
  session = make_session("NonInteractiveCommands");
  session.connect(start);
  const auto request = drain_frames();
  ASSERT_EQ(request.size(), 1U);
  EXPECT_EQ(request[0].payload_type, PayloadType::handshake_request);
  EXPECT_EQ(request[0].flags, message_flag::syn);
  EXPECT_EQ(parse_handshake_request(request[0].payload)->actions.at(0).session_type,
            "NonInteractiveCommands");
  receive(acknowledge(0));

  receive(input(0, PayloadType::output, "too early"));
  EXPECT_EQ(told(), "");
  EXPECT_EQ(drain_frames().size(), 1U);  // acknowledged all the same
  EXPECT_FALSE(session.has_room());

  AgentMessage response = load_golden_message("handshake_response").expected;
  response.sequence_number = 1;
  receive(response);
  EXPECT_EQ(told(), "ready 1.2.0.0\n");
  session.send_output(OutputKind::output, as_bytes("out"), start);
  session.send_output(OutputKind::standard_error, as_bytes("err"), start);
  session.send_exit_code(-1, start);
  const auto frames = drain_frames();
  ASSERT_EQ(frames.size(), 5U);
  EXPECT_EQ(parse_handshake_complete(frames[1].payload)->customer_message, "Welcome");
  EXPECT_EQ(frames[2].payload_type, PayloadType::output);
  EXPECT_EQ(frames[3].payload_type, PayloadType::standard_error);
  EXPECT_EQ(frames[4].payload_type, PayloadType::exit_code);
  EXPECT_EQ(as_text(frames[4].payload), "EXIT_CODE: -1");
}

TEST_F(Agent, TellsTheClientThatTheHandshakeTimedOut) {
  session = make_session("InteractiveCommands");
  session.connect(start);
  drain_frames();
  session.tick(start + milliseconds(14'999));
  EXPECT_EQ(told(), "");
  session.tick(start + milliseconds(15'000));
  EXPECT_NE(told().find("failed Handshake timed out"), std::string::npos);
  const auto frames = drain_frames(start + milliseconds(15'000));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_NE(parse_channel_closed(frames[0].payload)->output.find("Handshake timed out"), std::string::npos);
  EXPECT_TRUE(session.is_over());
}

TEST_F(Agent, TellsWhyAClientRefusedTheHandshake) {
  session = make_session("InteractiveCommands");
  session.connect(start);
  drain_frames();
  receive(input(
      0, PayloadType::handshake_response,
      R"({"ClientVersion":"1.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":2,)"
      R"("ActionResult":null,"Error":"Unknown session type"}],"Errors":null})"));
  constexpr std::string_view reason =
      "Encountered error while initiating handshake. SessionType failed on client with status 2 error: "
      "Unknown "
      "session type";
  EXPECT_EQ(told(), "failed " + std::string(reason) + "\n");
  const auto frames = drain_frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(parse_channel_closed(frames[0].payload)->output, reason);
}

TEST_F(Agent, ClosesTheChannelOnceEverythingIsAcknowledged) {
  session.connect(start);
  told();
  session.send_output(OutputKind::output, as_bytes("last words"), start);
  session.close("", start);
  session.close("another reason", start);
  EXPECT_EQ(session.send_output(OutputKind::output, as_bytes("after"), start), 0U);
  EXPECT_EQ(drain_frames().size(), 1U);
  EXPECT_EQ(told(), "");
  receive(acknowledge(0));
  const auto frames = drain_frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].type, "channel_closed");
  EXPECT_EQ(parse_channel_closed(frames[0].payload)->session_id, "ferry-1");
  EXPECT_EQ(parse_channel_closed(frames[0].payload)->output, "");
  EXPECT_EQ(told(), "closed 0\n");
}

TEST_F(Agent, ClosesTheChannelAfterABoundedWaitAndSaysWhatIsMissing) {
  session.connect(start);
  told();
  session.send_output(OutputKind::output, as_bytes("last words"), start);
  drain_frames();
  session.close("why", start);
  Instant now = start;
  while (!session.is_over()) {
    now = session.deadline().value();
    session.tick(now);
    drain_frames(now);
  }
  EXPECT_EQ(now, start + milliseconds(10'000));
  EXPECT_EQ(told(), "closed 1\n");
}

TEST_F(Agent, AClientThatComesAfterTheEndIsToldAtOnce) {
  session.close("container stopped", start);
  EXPECT_EQ(session.deadline(), std::nullopt);
  session.connect(start);
  const auto frames = drain_frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(parse_channel_closed(frames[0].payload)->output, "container stopped");
}

TEST_F(Agent, PausesAndGoesOnAsTheServiceSays) {
  session.connect(start);
  session.send_output(OutputKind::output, as_bytes("x"), start);
  receive(of_service("pause_publication"));
  EXPECT_TRUE(drain_frames().empty());
  receive(of_service("start_publication"));
  EXPECT_EQ(drain_frames().size(), 1U);
  receive(of_service("pause_publication"));
  session.send_output(OutputKind::output, as_bytes("y"), start);
  EXPECT_TRUE(drain_frames().empty());
  receive(acknowledge(0));  // whoever acknowledges is there
  EXPECT_EQ(drain_frames().size(), 1U);
}

TEST_F(Agent, GoesOnAfterAReconnect) {
  session.connect(start);
  told();
  session.send_output(OutputKind::output, as_bytes("one"), start);
  drain_frames();
  session.disconnect();
  session.send_output(OutputKind::output, as_bytes("two"), start);
  EXPECT_TRUE(drain_frames().empty());
  EXPECT_EQ(session.deadline(), std::nullopt);
  session.connect(start);
  EXPECT_EQ(told(), "");
  const auto frames = drain_frames();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].sequence_number, 0);
  EXPECT_EQ(frames[1].sequence_number, 1);
}

TEST_F(Agent, TellsFlags) {
  session.connect(start);
  told();
  receive(input(0, PayloadType::flag, std::string_view("\0\0\0\2", 4)));
  EXPECT_EQ(told(), "flag 2\n");
}

TEST_F(Agent, EndsOnASizeThatIsNone) {
  session.connect(start);
  told();
  receive(input(0, PayloadType::size, R"({"cols":"wide"})"));
  EXPECT_EQ(told(), "failed a terminal size has no valid cols and rows\n");
}

}  // namespace
}  // namespace ferry::wire

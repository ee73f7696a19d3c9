#include "wire/session_payloads.hpp"

#include "golden_message.hpp"
#include "wire/handshake_payloads.hpp"

#include <gtest/gtest.h>

namespace ferry::wire {
namespace {

using test::load_golden_message;

Bytes payload_of(const std::string& name) {
  return load_golden_message(name).expected.payload;
}

// No prefix of a payload may be taken for the whole, nor crash the parser.
template <class Parse>
void expect_every_prefix_refused(const Bytes& payload, Parse parse) {
  for (std::size_t length = 0; length < payload.size(); ++length) {
    const Bytes cut(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(parse(cut)) << as_text(cut);
  }
}

TEST(SessionPayloads, AcknowledgeOfRealClientAndAgent) {
  for (const char* const name : {"acknowledge_by_client", "acknowledge_by_agent"}) {
    const Bytes payload = payload_of(name);
    const auto acknowledge = parse_acknowledge(payload);
    ASSERT_TRUE(acknowledge);
    EXPECT_EQ(acknowledge->sequence_number, 0);
    EXPECT_EQ(to_json(*acknowledge), as_text(payload));
    expect_every_prefix_refused(payload, parse_acknowledge);
  }
  EXPECT_EQ(uuid_text(parse_acknowledge(payload_of("acknowledge_by_client"))->message_id),
            "41e08add-ad81-472a-aeab-caad6b81db15");
}

TEST(SessionPayloads, AcknowledgeNeedsOnlyItsNumber) {
  EXPECT_EQ(parse_acknowledge(as_bytes(R"({"AcknowledgedMessageSequenceNumber":7})"))->sequence_number, 7);
  EXPECT_FALSE(parse_acknowledge(as_bytes(R"({"AcknowledgedMessageSequenceNumber":"7"})")));
  EXPECT_FALSE(parse_acknowledge(as_bytes(R"({"AcknowledgedMessageSequenceNumber":1e300})")));
  EXPECT_FALSE(parse_acknowledge(as_bytes(R"([7])")));
}

TEST(SessionPayloads, SizeOfARealClient) {
  const Bytes payload = payload_of("size");
  const auto size = parse_terminal_size(payload);
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, (TerminalSize{.columns = 80, .rows = 24}));
  EXPECT_EQ(to_json(*size), as_text(payload));
  expect_every_prefix_refused(payload, parse_terminal_size);
}

TEST(SessionPayloads, SizeThatIsNone) {
  EXPECT_FALSE(parse_terminal_size(as_bytes(R"({"cols":-1,"rows":24})")));
  EXPECT_FALSE(parse_terminal_size(as_bytes(R"({"cols":80})")));
  EXPECT_EQ(parse_terminal_size(as_bytes(R"({"cols":100000,"rows":24})"))->columns, 65535);
}

TEST(SessionPayloads, ChannelClosedAsAServiceSendsIt) {
  const Bytes payload = payload_of("channel_closed");
  const auto closed = parse_channel_closed(payload);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->session_id, "ecs-execute-command-a2dc70632a52b74ea");
  EXPECT_EQ(uuid_text(closed->message_id), "85a95337-0394-4782-a3cf-b55c709fa144");
  EXPECT_EQ(closed->created.time_since_epoch().count(), 1795453927350);
  EXPECT_TRUE(closed->output.empty());
  EXPECT_EQ(parse_channel_closed(as_bytes(to_json(*closed))), closed);
  expect_every_prefix_refused(payload, parse_channel_closed);
}

TEST(SessionPayloads, ChannelClosedKeepsItsOutput) {
  const auto closed = parse_channel_closed(as_bytes(R"({"Output":"exec: \"nosuch\": not found"})"));
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->output, "exec: \"nosuch\": not found");
}

TEST(SessionPayloads, AgentSessionStateAsTheAgentSendsIt) {
  constexpr std::string_view session_id = "ecs-execute-command-a2dc70632a52b74ea";
  EXPECT_EQ(agent_session_state_json(SessionState::connected, session_id),
            as_text(payload_of("agent_session_state_connected")));
  EXPECT_EQ(agent_session_state_json(SessionState::terminating, session_id),
            as_text(payload_of("agent_session_state_terminating")));
}

TEST(SessionPayloads, OpenDataChannel) {
  const OpenDataChannel open{
      .request_id = "r", .token_value = "secret \"token\"", .client_id = "c", .client_version = "1.2.650.0"};
  EXPECT_EQ(to_json(open), R"({"MessageSchemaVersion":"1.0","RequestId":"r","TokenValue":"secret \"token\"",)"
                           R"("ClientId":"c","ClientVersion":"1.2.650.0"})");
  EXPECT_EQ(parse_open_data_channel(to_json(open)), open);
  const auto of_older_client = parse_open_data_channel(
      R"({"MessageSchemaVersion":"1.0","RequestId":"r","TokenValue":"t","ClientId":"c"})");
  ASSERT_TRUE(of_older_client);
  EXPECT_TRUE(of_older_client->client_version.empty());
  EXPECT_FALSE(parse_open_data_channel(R"({"RequestId":"r"})"));
  EXPECT_FALSE(parse_open_data_channel("hello"));
}

TEST(SessionPayloads, ExitCode) {
  EXPECT_EQ(exit_code_text(5), "EXIT_CODE: 5");
  EXPECT_EQ(parse_exit_code(as_bytes("EXIT_CODE: 5")), 5);
  EXPECT_EQ(parse_exit_code(as_bytes("EXIT_CODE: -1")), -1);
  for (const char* const text :
       {"", "EXIT_CODE", "EXIT_CODE:", "EXIT_CODE: five", "5", "EXIT_CODE: 99999999999"}) {
    EXPECT_FALSE(parse_exit_code(as_bytes(text))) << text;
  }
}

TEST(SessionPayloads, Flag) {
  EXPECT_EQ(flag_bytes(session_flag::terminate_session), (Bytes{0, 0, 0, 2}));
  EXPECT_EQ(parse_flag(Bytes{0, 0, 0, 3}), session_flag::connect_to_port_error);
  EXPECT_FALSE(parse_flag(Bytes{0, 0, 3}));
}

TEST(HandshakePayloads, RequestOfARealAgent) {
  const Bytes payload = payload_of("handshake_request");
  const auto request = parse_handshake_request(payload);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->agent_version, "3.3.0.0");
  ASSERT_EQ(request->actions.size(), 2U);
  EXPECT_EQ(request->actions[0].type, "SessionType");
  EXPECT_EQ(request->actions[0].session_type, "InteractiveCommands");
  EXPECT_EQ(request->actions[1].type, "KMSEncryption");
  expect_every_prefix_refused(payload, parse_handshake_request);
}

TEST(HandshakePayloads, RequestWithoutEncryptionIsWrittenAsTheAgentDoes) {
  const HandshakeRequest request{.agent_version = "3.3.0.0",
                                 .actions = {{.type = "SessionType",
                                              .session_type = "NonInteractiveCommands",
                                              .kms_key_id = {},
                                              .kms_challenge = {}}}};
  EXPECT_EQ(to_json(request),
            R"({"AgentVersion":"3.3.0.0","RequestedClientActions":[{"ActionType":"SessionType",)"
            R"("ActionParameters":{"SessionType":"NonInteractiveCommands","Properties":null}}]})");
  EXPECT_EQ(parse_handshake_request(as_bytes(to_json(request))), request);
}

TEST(HandshakePayloads, ResponseOfARealClient) {
  const Bytes payload = payload_of("handshake_response");
  const auto response = parse_handshake_response(payload);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->client_version, "1.2.0.0");
  ASSERT_EQ(response->actions.size(), 2U);
  EXPECT_EQ(response->actions[1].status, ActionStatus::success);
  expect_every_prefix_refused(payload, parse_handshake_response);
}

TEST(HandshakePayloads, ResponseWithAStatusThatIsNone) {
  const auto response = parse_handshake_response(as_bytes(
      R"({"ClientVersion":"1","ProcessedClientActions":[{"ActionType":"X","ActionStatus":0,"ActionResult":3}]})"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->actions[0].status, ActionStatus::unsupported);
}

TEST(HandshakePayloads, CompleteOfARealAgent) {
  const Bytes payload = payload_of("handshake_complete");
  const auto complete = parse_handshake_complete(payload);
  ASSERT_TRUE(complete);
  EXPECT_EQ(complete->time_to_complete.count(), 19928257);
  EXPECT_EQ(complete->customer_message, "This session is encrypted using AWS KMS.");
  EXPECT_EQ(to_json(*complete), as_text(payload));
  expect_every_prefix_refused(payload, parse_handshake_complete);
}

TEST(HandshakePayloads, TooManyActions) {
  std::string json = R"({"AgentVersion":"3","RequestedClientActions":[)";
  for (int count = 0; count < 17; ++count) json += R"({"ActionType":"A"},)";
  json.back() = ']';
  EXPECT_FALSE(parse_handshake_request(as_bytes(json + "}")));
}

TEST(Uuid, TextAndBack) {
  const auto uuid = parse_uuid("41E08ADD-ad81-472a-aeab-caad6b81db15");
  ASSERT_TRUE(uuid);
  EXPECT_EQ(uuid_text(*uuid), "41e08add-ad81-472a-aeab-caad6b81db15");
  EXPECT_FALSE(parse_uuid("41e08addad81472aaeabcaad6b81db15"));
  EXPECT_FALSE(parse_uuid("41e08add-ad81-472a-aeab-caad6b81db1g"));
  EXPECT_EQ(uuid_text(uuid_from_random(Bytes(16, 0xff))), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

}  // namespace
}  // namespace ferry::wire

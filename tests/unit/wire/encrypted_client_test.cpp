// The client of an encrypted session, with an agent that is played by hand.
#include "golden_message.hpp"
#include "wire/client_session.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Instant kStart{milliseconds(1'000'000)};
constexpr std::string_view kRequest =
    R"({"AgentVersion":"3.3.0.0","RequestedClientActions":[{"ActionType":"SessionType",)"
    R"("ActionParameters":{"SessionType":"InteractiveCommands","Properties":null}},)"
    R"({"ActionType":"KMSEncryption","ActionParameters":{"KMSKeyId":"k1","Challenge":"AAAA"}}]})";
constexpr std::string_view kComplete =
    R"({"HandshakeTimeToComplete":1,"CustomerMessage":"This session is encrypted using AWS KMS."})";

Bytes data_key() {
  return Bytes(kDataKeyBytes, 7);
}

class EncryptedClient : public testing::Test {
 protected:
  EncryptedClient() : agent(std::move(*SessionCipher::make(SessionRole::agent, data_key()))) {
    session.connect("secret-token", kStart);
    session.poll_frame(kStart);
  }

  ClientSessionSettings settings() {
    return {.session_id = "ferry-1",
            .stamp = {.new_uuid = test::counting_uuids()},
            .limits = {},
            .new_nonce = [this] {
              Nonce nonce{};
              nonce[0] = ++nonces;
              return nonce;
            }};
  }

  // The agent's next message.
  void receive(PayloadType payload_type, BytesView payload) {
    const AgentMessage message{.type = std::string(message_type::output_stream_data),
                               .schema_version = 1,
                               .created = WallTime(milliseconds(1)),
                               .sequence_number = next_number++,
                               .flags = 0,
                               .id = {},
                               .payload_type = payload_type,
                               .payload = Bytes(payload.begin(), payload.end())};
    ASSERT_TRUE(session.receive(encode(message), kStart));
    drain_events();
  }
  void receive(PayloadType payload_type, std::string_view payload) {
    receive(payload_type, as_bytes(payload));
  }
  Bytes sealed(std::string_view text) { return agent.seal(as_bytes(text), Nonce{}).value(); }

  void drain_events() {
    while (const auto event = session.poll_event(kStart)) {
      if (std::holds_alternative<client_event::Ready>(*event)) told += "ready;";
      if (const auto* data = std::get_if<client_event::Output>(&*event))
        told += (data->is_standard_error ? "stderr " : "stdout ") + std::string(as_text(data->bytes)) + ";";
      if (const auto* code = std::get_if<client_event::ExitCode>(&*event))
        told += "exit " + std::to_string(code->value) + ";";
      if (const auto* wanted = std::get_if<client_event::KeyWanted>(&*event))
        told += "wants " + wanted->key_id + ";";
      if (const auto* failed = std::get_if<client_event::Failed>(&*event)) {
        EXPECT_EQ(failed->failure.code, FailureCode::protocol);
        told += "failed: " + failed->failure.what + ";";
      }
    }
  }

  // Stream messages that leave; acknowledgements are left out.
  std::vector<AgentMessage> sent() {
    std::vector<AgentMessage> messages;
    while (const auto frame = session.poll_frame(kStart)) {
      if (frame->is_text) continue;
      auto message = decode(frame->payload, DigestCheck::verify);
      EXPECT_TRUE(message);
      if (message->is_stream_data()) messages.push_back(std::move(*message));
    }
    return messages;
  }
  std::string opened(const AgentMessage& message) {
    const auto plaintext = agent.open(message.payload);
    EXPECT_TRUE(plaintext);
    return std::string(as_text(plaintext.value_or(Bytes())));
  }

  void agree() {
    receive(PayloadType::handshake_request, kRequest);
    session.provide_key({.plaintext = data_key(), .ciphertext = {1, 2, 3}}, kStart);
  }
  void complete() {
    agree();
    receive(PayloadType::encryption_challenge_request,
            to_json(EncryptionChallenge{.ciphertext = sealed(std::string(64, 'c'))}));
    receive(PayloadType::handshake_complete, kComplete);
    sent();
    told.clear();
  }

  SessionCipher agent;
  std::uint8_t nonces = 0;
  ClientSession session{settings()};
  std::int64_t next_number = 0;
  std::string told;
};

TEST_F(EncryptedClient, AsksForAKeyBeforeItAnswers) {
  receive(PayloadType::handshake_request, kRequest);
  EXPECT_EQ(told, "wants k1;");
  EXPECT_TRUE(sent().empty());
  session.provide_key({.plaintext = data_key(), .ciphertext = {1, 2, 3}}, kStart);
  const auto answers = sent();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].payload_type, PayloadType::handshake_response);
  EXPECT_THAT(std::string(as_text(answers[0].payload)),
              HasSubstr(R"("ActionResult":{"KMSCipherTextKey":"AQID","KMSCipherTextHash":null})"));
}

TEST_F(EncryptedClient, ProvesThatItHasTheKey) {
  agree();
  sent();
  const std::string secret(64, 's');
  receive(PayloadType::encryption_challenge_request,
          to_json(EncryptionChallenge{.ciphertext = sealed(secret)}));
  const auto answers = sent();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].payload_type, PayloadType::encryption_challenge_response);
  const auto answer = parse_encryption_challenge(answers[0].payload);
  ASSERT_TRUE(answer);
  EXPECT_EQ(as_text(agent.open(answer->ciphertext).value()), secret);
}

TEST_F(EncryptedClient, ReadsEncryptedOutput) {
  complete();
  receive(PayloadType::output, sealed("out"));
  receive(PayloadType::standard_error, sealed("err"));
  receive(PayloadType::output, sealed(""));
  receive(PayloadType::exit_code, sealed("EXIT_CODE: 3"));
  EXPECT_EQ(told, "stdout out;stderr err;exit 3;");
}

TEST_F(EncryptedClient, EncryptsInputAndNothingElse) {
  complete();
  session.send_size({.columns = 80, .rows = 24});
  EXPECT_EQ(session.send_input(as_bytes("typed"), kStart), 5U);
  const auto messages = sent();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(as_text(messages[0].payload), R"({"cols":80,"rows":24})");
  EXPECT_EQ(opened(messages[1]), "typed");
}

TEST_F(EncryptedClient, UsesNoNonceTwiceAndSendsTheSameBytesAgain) {
  complete();
  session.send_input(Bytes(2048, 'i'), kStart);
  const auto first = sent();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_NE(Bytes(first[0].payload.begin(), first[0].payload.begin() + kNonceBytes),
            Bytes(first[1].payload.begin(), first[1].payload.begin() + kNonceBytes));
  session.disconnect();
  session.connect("second-token", kStart);
  // The messages before them were not acknowledged either.
  const auto again = sent();
  ASSERT_GE(again.size(), 2U);
  EXPECT_EQ(again[again.size() - 2], first[0]);
  EXPECT_EQ(again.back(), first[1]);
}

TEST_F(EncryptedClient, AKeyThatComesWhileDisconnectedIsNotLost) {
  receive(PayloadType::handshake_request, kRequest);
  session.disconnect();
  session.provide_key({.plaintext = data_key(), .ciphertext = {1, 2, 3}}, kStart);
  EXPECT_TRUE(sent().empty());
  session.connect("second-token", kStart);
  const auto answers = sent();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].payload_type, PayloadType::handshake_response);
}

TEST_F(EncryptedClient, SaysWhyThereIsNoKey) {
  receive(PayloadType::handshake_request, kRequest);
  session.refuse_key("AccessDeniedException: no", kStart);
  const auto answers = sent();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_THAT(
      std::string(as_text(answers[0].payload)),
      HasSubstr(
          R"("ActionType":"KMSEncryption","ActionStatus":2,"ActionResult":null,"Error":"AccessDeniedException: no")"));
}

TEST_F(EncryptedClient, AKeyOfAnotherSizeIsRefused) {
  receive(PayloadType::handshake_request, kRequest);
  session.provide_key({.plaintext = Bytes(32), .ciphertext = {1}}, kStart);
  const auto answers = sent();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_THAT(std::string(as_text(answers[0].payload)), HasSubstr(R"("ActionStatus":2)"));
}

TEST_F(EncryptedClient, AnAnswerThatNobodyWaitsForIsIgnored) {
  session.provide_key({.plaintext = data_key(), .ciphertext = {1}}, kStart);
  session.refuse_key("no", kStart);
  complete();
  session.provide_key({.plaintext = data_key(), .ciphertext = {1}}, kStart);
  EXPECT_TRUE(sent().empty());
}

TEST_F(EncryptedClient, PlainOutputAfterAnEncryptedHandshakeEndsTheSession) {
  complete();
  receive(PayloadType::output, "this was never encrypted by anybody");
  EXPECT_THAT(told, HasSubstr("failed: an encrypted payload was not made with this session's key"));
  EXPECT_TRUE(session.is_over());
}

TEST_F(EncryptedClient, AChallengeMadeWithAnotherKeyEndsTheSession) {
  agree();
  receive(PayloadType::encryption_challenge_request,
          to_json(EncryptionChallenge{.ciphertext = Bytes(92, 1)}));
  EXPECT_THAT(told, HasSubstr("failed: an encrypted payload was not made with this session's key"));
}

TEST_F(EncryptedClient, AChallengeWithoutAnAgreementEndsTheSession) {
  receive(PayloadType::encryption_challenge_request, R"({"Challenge":"AAAA"})");
  EXPECT_THAT(told, HasSubstr("failed: an encryption challenge came outside"));
}

// An agent cannot be talked out of the encryption that it asked for.
TEST_F(EncryptedClient, AHandshakeThatEndsBeforeItsKeyEndsTheSession) {
  receive(PayloadType::handshake_request, kRequest);
  receive(PayloadType::handshake_complete, kComplete);
  EXPECT_THAT(told, HasSubstr("failed: the handshake ended before"));
}

TEST_F(EncryptedClient, OutputBeforeItsKeyEndsTheSession) {
  receive(PayloadType::handshake_request, kRequest);
  receive(PayloadType::output, "x");
  EXPECT_THAT(told, HasSubstr("failed: output came before"));
}

}  // namespace
}  // namespace ferry::wire

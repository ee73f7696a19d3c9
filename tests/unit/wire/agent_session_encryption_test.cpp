// The agent's side of an encrypted session, with a client that is played by hand.
#include "golden_message.hpp"
#include "wire/agent_session.hpp"
#include "wire/handshake_payloads.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::wire {
namespace {

using testing::HasSubstr;

constexpr Instant kStart{milliseconds(1'000'000)};
constexpr milliseconds kPatience{15'000};  // for each of the client's answers
constexpr std::string_view kMismatch = "Encryption challenge does not match";

Bytes data_key(std::uint8_t digit = 7) {
  return Bytes(kDataKeyBytes, digit);
}

SessionCipher client_cipher(const Bytes& key = data_key()) {
  return std::move(*SessionCipher::make(SessionRole::client, key));
}

ProcessedAction done(std::string_view type, Bytes encrypted_data_key = {}) {
  ProcessedAction action;
  action.type = type;
  action.encrypted_data_key = std::move(encrypted_data_key);
  return action;
}

std::string response_with(ProcessedAction encryption) {
  HandshakeResponse response;
  response.client_version = "1.2.0.0";
  response.actions = {done(action_type::session_type), std::move(encryption)};
  return to_json(response);
}

class EncryptedAgent : public testing::Test {
 protected:
  EncryptedAgent() : client(client_cipher()) { session.connect(kStart); }

  AgentSessionSettings settings() {
    AgentSessionSettings settings;
    settings.session_id = "ferry-1";
    settings.handshake_session_type = session_type::interactive_commands;
    settings.kms_key_id = "k1";
    settings.random_bytes = [this](std::size_t count) { return Bytes(count, ++randoms); };
    settings.stamp.new_uuid = test::counting_uuids();
    return settings;
  }

  // The client's next message.
  void receive(PayloadType payload_type, BytesView payload, Instant now = kStart) {
    const AgentMessage message{.type = std::string(message_type::input_stream_data),
                               .schema_version = 1,
                               .created = WallTime(milliseconds(1)),
                               .sequence_number = next_number++,
                               .flags = 0,
                               .id = {},
                               .payload_type = payload_type,
                               .payload = Bytes(payload.begin(), payload.end())};
    ASSERT_TRUE(session.receive(encode(message), now));
    drain_events(now);
  }
  void receive(PayloadType payload_type, std::string_view payload, Instant now = kStart) {
    receive(payload_type, as_bytes(payload), now);
  }

  void drain_events(Instant now = kStart) {
    while (const auto event = session.poll_event(now)) {
      if (const auto* wanted = std::get_if<agent_event::KeyWanted>(&*event)) {
        told += "wants";
        for (const std::uint8_t digit : wanted->encrypted_data_key) told += " " + std::to_string(digit);
        told += ";";
      }
      if (const auto* ready = std::get_if<agent_event::Ready>(&*event))
        told += "ready " + ready->client_version + ";";
      if (const auto* input = std::get_if<agent_event::Input>(&*event))
        told += "input " + std::string(as_text(input->bytes)) + ";";
      if (const auto* resized = std::get_if<agent_event::Resized>(&*event))
        told += "columns " + std::to_string(resized->size.columns) + ";";
      if (const auto* failed = std::get_if<agent_event::Failed>(&*event))
        told += "failed: " + failed->failure.what + ";";
    }
  }

  // All messages that leave.
  std::vector<AgentMessage> sent(Instant now = kStart) {
    std::vector<AgentMessage> messages;
    while (const auto frame = session.poll_frame(now)) {
      auto message = decode(frame->payload, DigestCheck::verify);
      EXPECT_TRUE(message);
      if (message) messages.push_back(std::move(*message));
    }
    return messages;
  }
  // Those of them that have the type; the rest is lost.
  std::vector<AgentMessage> sent_of(PayloadType payload_type, Instant now = kStart) {
    std::vector<AgentMessage> messages = sent(now);
    std::erase_if(messages, [&](const AgentMessage& message) {
      return !message.is_stream_data() || message.payload_type != payload_type;
    });
    return messages;
  }

  std::string opened(const AgentMessage& message) {
    const auto plaintext = client.open(message.payload);
    EXPECT_TRUE(plaintext);
    return std::string(as_text(plaintext.value_or(Bytes())));
  }
  Bytes sealed(BytesView plaintext) {
    Nonce nonce{};
    nonce[0] = ++nonces;
    return client.seal(plaintext, nonce).value();
  }
  Bytes sealed(std::string_view text) { return sealed(as_bytes(text)); }

  void agree() {
    receive(PayloadType::handshake_response, response_with(done(action_type::kms_encryption, {1, 2, 3})));
    session.provide_key(data_key(), kStart);
    drain_events();
  }
  // The bytes that the agent wants to see again.
  Bytes challenge() {
    const auto requests = sent_of(PayloadType::encryption_challenge_request);
    EXPECT_EQ(requests.size(), 1U);
    const auto request = parse_encryption_challenge(requests.at(0).payload);
    return client.open(request.value().ciphertext).value();
  }
  void answer_challenge(BytesView answer, Instant now = kStart) {
    receive(PayloadType::encryption_challenge_response,
            to_json(EncryptionChallenge{.ciphertext = sealed(answer)}), now);
  }
  void complete() {
    agree();
    answer_challenge(challenge());
    sent();
    told.clear();
  }

  // The session has failed, and both its owner and its client are told why.
  void expect_refusal(std::string_view reason, Instant now = kStart) {
    drain_events(now);
    EXPECT_THAT(told, HasSubstr("failed: "));
    EXPECT_THAT(told, HasSubstr(std::string(reason)));
    EXPECT_TRUE(session.is_over());
    const auto messages = sent(now);
    ASSERT_FALSE(messages.empty());
    ASSERT_EQ(messages.back().type, message_type::channel_closed);
    EXPECT_THAT(parse_channel_closed(messages.back().payload)->output, HasSubstr(std::string(reason)));
  }

  SessionCipher client;
  std::uint8_t nonces = 0, randoms = 0;
  AgentSession session{settings()};
  std::int64_t next_number = 0;
  std::string told;
};

TEST_F(EncryptedAgent, AsksForEncryptionWithItsKey) {
  const auto requests = sent_of(PayloadType::handshake_request);
  ASSERT_EQ(requests.size(), 1U);
  const auto request = parse_handshake_request(requests[0].payload);
  ASSERT_TRUE(request);
  ASSERT_EQ(request->actions.size(), 2U);
  EXPECT_EQ(request->actions[0].type, action_type::session_type);
  EXPECT_EQ(request->actions[1].type, action_type::kms_encryption);
  EXPECT_EQ(request->actions[1].kms_key_id, "k1");
}

TEST_F(EncryptedAgent, HasTheClientsKeyDecryptedBeforeItChallenges) {
  receive(PayloadType::handshake_response, response_with(done(action_type::kms_encryption, {1, 2, 3})));
  EXPECT_EQ(told, "wants 1 2 3;");
  EXPECT_TRUE(sent_of(PayloadType::encryption_challenge_request).empty());
  session.provide_key(data_key(), kStart);
  EXPECT_EQ(challenge().size(), encryption_challenge_bytes);
  EXPECT_FALSE(session.is_ready());
}

TEST_F(EncryptedAgent, IsReadyOnceTheClientHasProvedItsKey) {
  agree();
  told.clear();
  answer_challenge(challenge());
  EXPECT_EQ(told, "ready 1.2.0.0;");
  const auto completes = sent_of(PayloadType::handshake_complete);
  ASSERT_EQ(completes.size(), 1U);
  EXPECT_EQ(parse_handshake_complete(completes[0].payload)->customer_message,
            "This session is encrypted using AWS KMS.");
}

TEST_F(EncryptedAgent, EncryptsOutputForTheClientAlone) {
  complete();
  ASSERT_EQ(session.send_output(OutputKind::output, as_bytes("secret"), kStart), 6U);
  const auto messages = sent_of(PayloadType::output);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].payload.size(), kNonceBytes + 6 + 16);
  EXPECT_THAT(std::string(as_text(messages[0].payload)), testing::Not(HasSubstr("secret")));
  EXPECT_EQ(opened(messages[0]), "secret");
}

TEST_F(EncryptedAgent, UsesNoNonceTwice) {
  agree();
  const auto requests = sent_of(PayloadType::encryption_challenge_request);
  ASSERT_EQ(requests.size(), 1U);
  const Bytes sealed_challenge = parse_encryption_challenge(requests[0].payload)->ciphertext;
  answer_challenge(client.open(sealed_challenge).value());
  sent();
  for (int i = 0; i < 3; ++i) session.send_output(OutputKind::output, as_bytes("x"), kStart);
  std::set<Bytes> seen{{sealed_challenge.begin(), sealed_challenge.begin() + kNonceBytes}};
  for (const AgentMessage& message : sent_of(PayloadType::output))
    seen.emplace(message.payload.begin(), message.payload.begin() + kNonceBytes);
  EXPECT_EQ(seen.size(), 4U);
}

TEST_F(EncryptedAgent, ReadsEncryptedInputAndClearSizes) {
  complete();
  receive(PayloadType::size, R"({"cols":132,"rows":24})");
  receive(PayloadType::output, sealed("typed"));
  EXPECT_EQ(told, "columns 132;input typed;");
}

TEST_F(EncryptedAgent, AcknowledgesInTheClear) {
  complete();
  receive(PayloadType::output, sealed("typed"));
  const auto messages = sent();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].type, message_type::acknowledge);
  EXPECT_EQ(parse_acknowledge(messages[0].payload)->sequence_number, next_number - 1);
}

TEST_F(EncryptedAgent, ClearInputEndsTheSession) {
  complete();
  receive(PayloadType::output, "this was never encrypted by anybody");
  EXPECT_THAT(told, HasSubstr("failed: an encrypted payload was not made with this session's key"));
  EXPECT_TRUE(session.is_over());
}

// What a client sends before its key is proved is nobody's input, encrypted or not.
TEST_F(EncryptedAgent, InputBeforeTheProofIsDropped) {
  receive(PayloadType::output, "early");
  agree();
  told.clear();
  receive(PayloadType::output, sealed("early"));
  EXPECT_EQ(session.send_output(OutputKind::output, as_bytes("early"), kStart), 0U);
  answer_challenge(challenge());
  EXPECT_EQ(told, "ready 1.2.0.0;");
}

TEST_F(EncryptedAgent, AWrongAnswerToTheChallengeEndsTheSession) {
  agree();
  Bytes answer = challenge();
  answer.back() ^= 1;
  answer_challenge(answer);
  expect_refusal(kMismatch);
}

TEST_F(EncryptedAgent, AClientWithAnotherKeyIsRefused) {
  agree();
  const Bytes answer = challenge();
  client = client_cipher(data_key(8));
  answer_challenge(answer);
  expect_refusal(kMismatch);
}

TEST_F(EncryptedAgent, AnAnswerThatIsNoneEndsTheSession) {
  agree();
  receive(PayloadType::encryption_challenge_response, "{}");
  expect_refusal(kMismatch);
}

// The agent's own challenge sent back proves nothing: the two directions have keys of their own.
TEST_F(EncryptedAgent, TheChallengeSentBackIsNoProof) {
  receive(PayloadType::handshake_response, response_with(done(action_type::kms_encryption, {1, 2, 3})));
  Bytes two_keys = data_key();
  std::fill(two_keys.begin() + kDataKeyBytes / 2, two_keys.end(), std::uint8_t{8});
  session.provide_key(two_keys, kStart);
  const auto requests = sent_of(PayloadType::encryption_challenge_request);
  ASSERT_EQ(requests.size(), 1U);
  receive(PayloadType::encryption_challenge_response, as_text(requests[0].payload));
  expect_refusal(kMismatch);
}

TEST_F(EncryptedAgent, AKeyThatCannotBeDecryptedEndsTheSession) {
  receive(PayloadType::handshake_response, response_with(done(action_type::kms_encryption, {1, 2, 3})));
  session.provide_key(fail(FailureCode::refused, "AccessDeniedException: no"), kStart);
  expect_refusal("Fetching data key failed: AccessDeniedException: no");
}

TEST_F(EncryptedAgent, AKeyOfAnotherSizeEndsTheSession) {
  receive(PayloadType::handshake_response, response_with(done(action_type::kms_encryption, {1, 2, 3})));
  session.provide_key(Bytes(32), kStart);
  expect_refusal("Fetching data key failed");
}

TEST_F(EncryptedAgent, SaysThatTheClientFailedToMakeAKey) {
  ProcessedAction refused = done(action_type::kms_encryption);
  refused.status = ActionStatus::failed;
  refused.error = "AccessDeniedException: no";
  receive(PayloadType::handshake_response, response_with(std::move(refused)));
  expect_refusal("KMSEncryption failed on client with status 2 error: AccessDeniedException: no");
}

// A client cannot talk the agent out of encryption.
TEST_F(EncryptedAgent, AResponseWithoutAKeyEndsTheSession) {
  HandshakeResponse response;
  response.client_version = "1.2.0.0";
  response.actions = {done(action_type::session_type)};
  receive(PayloadType::handshake_response, to_json(response));
  expect_refusal("The client sent no data key");
}

TEST_F(EncryptedAgent, WaitsSoLongForTheResponse) {
  sent();
  session.tick(kStart + kPatience - milliseconds(1));
  drain_events();
  EXPECT_EQ(told, "");
  session.tick(kStart + kPatience);
  expect_refusal("Handshake timed out", kStart + kPatience);
}

TEST_F(EncryptedAgent, WaitsSoLongAgainForTheAnswerToTheChallenge) {
  constexpr Instant later = kStart + milliseconds(14'000);
  receive(PayloadType::handshake_response, response_with(done(action_type::kms_encryption, {1, 2, 3})),
          later);
  session.provide_key(data_key(), later);
  told.clear();
  session.tick(later + kPatience - milliseconds(1));
  drain_events(later);
  EXPECT_EQ(told, "");
  session.tick(later + kPatience);
  expect_refusal("Handshake timed out", later + kPatience);
}

// How long KMS takes is its owner's matter, not the client's fault.
TEST_F(EncryptedAgent, NoTimeRunsForTheClientWhileItsKeyIsDecrypted) {
  receive(PayloadType::handshake_response, response_with(done(action_type::kms_encryption, {1, 2, 3})));
  told.clear();
  session.tick(kStart + 2 * kPatience);
  drain_events();
  EXPECT_EQ(told, "");
  EXPECT_FALSE(session.is_over());
}

}  // namespace
}  // namespace ferry::wire

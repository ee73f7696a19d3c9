// What travels until a session is encrypted, as the stock client and the stock agent write it.
#include "golden_message.hpp"
#include "wire/handshake_payloads.hpp"

#include <gtest/gtest.h>

namespace ferry::wire {
namespace {

using test::load_golden_message;

constexpr std::string_view kKeyId = "arn:aws:kms:us-east-1:123456789012:key/k1";

TEST(EncryptionHandshake, ReadsAndWritesTheAgentsRequest) {
  const Bytes payload = load_golden_message("handshake_request").expected.payload;
  const auto request = parse_handshake_request(payload);
  ASSERT_TRUE(request);
  ASSERT_EQ(request->actions.size(), 2U);
  EXPECT_EQ(request->actions[0].session_type, "InteractiveCommands");
  EXPECT_EQ(request->actions[1].type, action_type::kms_encryption);
  EXPECT_EQ(request->actions[1].kms_key_id, kKeyId);
  EXPECT_EQ(request->actions[1].kms_challenge, "AH+Q80U7Nyv6oGf7OD6J8Q==");
  EXPECT_EQ(to_json(*request), as_text(payload));
}

TEST(EncryptionHandshake, ReadsAndWritesTheClientsResponse) {
  const Bytes payload = load_golden_message("handshake_response").expected.payload;
  const auto response = parse_handshake_response(payload);
  ASSERT_TRUE(response);
  ASSERT_EQ(response->actions.size(), 2U);
  EXPECT_EQ(response->actions[1].status, ActionStatus::success);
  EXPECT_EQ(hex(response->actions[1].encrypted_data_key),
            "901909fd4bbfc083bc3252c4b2e7a077232f5bcd620fc4b2f9cc2b9983ade814");
  EXPECT_EQ(to_json(*response), as_text(payload));
}

TEST(EncryptionHandshake, ReadsAndWritesBothChallenges) {
  for (const char* const name : {"encryption_challenge_request", "encryption_challenge_response"}) {
    const Bytes payload = load_golden_message(name).expected.payload;
    const auto challenge = parse_encryption_challenge(payload);
    ASSERT_TRUE(challenge) << name;
    constexpr std::size_t nonce_and_tag_bytes = 12 + 16;
    EXPECT_EQ(challenge->ciphertext.size(), encryption_challenge_bytes + nonce_and_tag_bytes);
    EXPECT_EQ(to_json(*challenge), as_text(payload));
  }
}

TEST(EncryptionHandshake, RefusesWhatIsNoChallenge) {
  for (const std::string_view payload :
       {"", "[]", "{}", R"({"Challenge":""})", R"({"Challenge":"?"})", R"({"Challenge":7})"}) {
    const auto challenge = parse_encryption_challenge(as_bytes(payload));
    ASSERT_FALSE(challenge) << payload;
    EXPECT_EQ(challenge.error().code, FailureCode::protocol);
  }
}

TEST(EncryptionHandshake, RefusesADataKeyThatIsNoBase64) {
  const auto response = parse_handshake_response(
      as_bytes(R"({"ProcessedClientActions":[{"ActionType":"KMSEncryption","ActionStatus":1,)"
               R"("ActionResult":{"KMSCipherTextKey":"not base64"}}]})"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, FailureCode::protocol);
}

TEST(EncryptionHandshake, AnActionWithoutADataKeyHasNone) {
  for (const std::string_view result : {"null", "{}", "3", R"({"KMSCipherTextKey":null})"}) {
    const std::string json =
        R"({"ProcessedClientActions":[{"ActionType":"KMSEncryption","ActionStatus":1,"ActionResult":)" +
        std::string(result) + "}]}";
    const auto response = parse_handshake_response(as_bytes(json));
    ASSERT_TRUE(response) << json;
    EXPECT_TRUE(response->actions.at(0).encrypted_data_key.empty());
  }
}

}  // namespace
}  // namespace ferry::wire

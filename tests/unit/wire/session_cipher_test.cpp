#include "wire/session_cipher.hpp"

#include <algorithm>

#include <gmock/gmock.h>

namespace ferry::wire {
namespace {

using testing::HasSubstr;

// Test case 14 of the GCM specification (McGrew and Viega): a key and a nonce of zeros, one block of zeros.
constexpr std::string_view kSpecifiedCiphertext = "cea7403d4d606b6e074ec5d3baf39d18";
constexpr std::string_view kSpecifiedTag = "d0d1c8a799996bf0265b98b5d48ab919";

Bytes data_key(std::uint8_t first = 0) {
  Bytes key(kDataKeyBytes);
  std::ranges::generate(key, [next = first]() mutable { return next++; });
  return key;
}

SessionCipher cipher(SessionRole role, const Bytes& key) {
  Result<SessionCipher> made = SessionCipher::make(role, key);
  EXPECT_TRUE(made);
  return std::move(*made);
}

TEST(SessionCipher, EncryptsAsTheSpecificationSays) {
  const SessionCipher client = cipher(SessionRole::client, Bytes(kDataKeyBytes));
  const auto sealed = client.seal(Bytes(16), Nonce{});
  ASSERT_TRUE(sealed);
  EXPECT_EQ(hex(*sealed),
            std::string(24, '0') + std::string(kSpecifiedCiphertext) + std::string(kSpecifiedTag));
}

TEST(SessionCipher, EachEndOpensWhatTheOtherSealed) {
  const SessionCipher client = cipher(SessionRole::client, data_key());
  const SessionCipher agent = cipher(SessionRole::agent, data_key());
  for (const std::string_view text :
       {"", "x", "a longer text that is more than one block of sixteen bytes"}) {
    const Bytes to_agent = client.seal(as_bytes(text), Nonce{1}).value();
    const Bytes to_client = agent.seal(as_bytes(text), Nonce{1}).value();
    EXPECT_EQ(to_agent.size(), text.size() + 28);
    EXPECT_NE(to_agent, to_client);
    EXPECT_EQ(as_text(agent.open(to_agent).value()), text);
    EXPECT_EQ(as_text(client.open(to_client).value()), text);
  }
}

// The first half of the key is the agent's.
TEST(SessionCipher, TheHalvesOfTheKeyBelongToTheDirections) {
  Bytes other_second_half = data_key();
  other_second_half.back() ^= 1U;
  const SessionCipher agent = cipher(SessionRole::agent, data_key());
  const SessionCipher client = cipher(SessionRole::client, other_second_half);
  EXPECT_TRUE(client.open(agent.seal(as_bytes("x"), Nonce{}).value()));
  EXPECT_FALSE(agent.open(client.seal(as_bytes("x"), Nonce{}).value()));
}

TEST(SessionCipher, EveryChangeAndEveryCutIsNoticed) {
  const SessionCipher client = cipher(SessionRole::client, data_key());
  const SessionCipher agent = cipher(SessionRole::agent, data_key());
  const Bytes sealed = client.seal(as_bytes("secret"), Nonce{7}).value();
  for (std::size_t index = 0; index < sealed.size(); ++index) {
    Bytes changed = sealed;
    changed[index] ^= 1U;
    const auto opened = agent.open(changed);
    ASSERT_FALSE(opened) << index;
    EXPECT_EQ(opened.error().code, FailureCode::protocol);
    EXPECT_FALSE(agent.open(BytesView(sealed).first(index))) << index;
  }
}

TEST(SessionCipher, AnotherKeyOpensNothing) {
  const SessionCipher client = cipher(SessionRole::client, data_key());
  const SessionCipher agent = cipher(SessionRole::agent, data_key(1));
  const auto opened = agent.open(client.seal(as_bytes("x"), Nonce{}).value());
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().line(), HasSubstr("key"));
}

TEST(SessionCipher, RefusesAKeyOfAnotherSize) {
  for (const std::size_t size : {0U, 32U, 63U, 65U}) {
    const auto made = SessionCipher::make(SessionRole::client, Bytes(size));
    ASSERT_FALSE(made) << size;
    EXPECT_EQ(made.error().code, FailureCode::protocol);
  }
}

TEST(SessionCipher, WorksWhereItIsMovedTo) {
  SessionCipher first = cipher(SessionRole::client, data_key(5));
  SessionCipher second = cipher(SessionRole::client, data_key());
  second = std::move(first);
  const SessionCipher agent = cipher(SessionRole::agent, data_key(5));
  EXPECT_TRUE(agent.open(second.seal(as_bytes("x"), Nonce{}).value()));
}

TEST(Wipe, LeavesNothingOfASecret) {
  Bytes secret{1, 2, 3};
  wipe(secret);
  EXPECT_EQ(secret, Bytes(3));
}

}  // namespace
}  // namespace ferry::wire

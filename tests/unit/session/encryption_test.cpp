// A session that its agent wants encrypted: where the key comes from, and what happens where none comes.
#include "stage.hpp"

#include <string>

#include <gmock/gmock.h>

namespace ferry::session {
namespace {

using test::Stage;
using test::type_bye;
using testing::HasSubstr;

struct EncryptedStage {
  EncryptedStage() {
    stage.agent.handshake_session_type = "InteractiveCommands";
    stage.agent.kms_key_id = "k1";
    stage.agent.data_key = Bytes(wire::kDataKeyBytes, 7);
    stage.can_renew_tokens();
  }

  void has_key(Result<wire::DataKey> key) {
    stage.services.generate_key = [this, key](std::string key_id) { return give(asked_for, key, key_id); };
  }
  static net::Task<Result<wire::DataKey>> give(std::string& asked, Result<wire::DataKey> key,
                                               std::string key_id) {
    asked += key_id + ";";
    co_return key;
  }

  Stage stage;
  std::string asked_for;
};

struct Encryption : testing::Test, EncryptedStage {};

const wire::DataKey kKey{.plaintext = Bytes(wire::kDataKeyBytes, 7), .ciphertext = {1, 2, 3}};

TEST_F(Encryption, BothDirectionsArriveAsTheyWereWritten) {
  has_key(kKey);
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_EQ(asked_for, "k1;");
  EXPECT_EQ(stage.agent.encrypted_data_key, (Bytes{1, 2, 3}));
  EXPECT_EQ(stage.agent.input, "hello, bye");
  EXPECT_EQ(stage.output, "ready ");
  EXPECT_EQ(stage.error_output, "warning");
  EXPECT_THAT(stage.told, HasSubstr("exit 3;"));
}

TEST_F(Encryption, SurvivesABreakAtEachStepOfTheHandshake) {
  for (std::size_t count = 1; count <= 8; ++count) {
    EncryptedStage other;
    other.has_key(kKey);
    other.stage.agent.cuts = {{.after_sent = count}, {.after_received = count}};
    const auto closed = other.stage.play(type_bye);
    ASSERT_TRUE(closed) << count << ": " << closed.error().line();
    EXPECT_EQ(other.asked_for, "k1;") << count;
    EXPECT_EQ(other.stage.output, "ready ") << count;
    EXPECT_EQ(other.stage.agent.input, "hello, bye") << count;
  }
}

TEST_F(Encryption, WithoutTheRightToTheKeyTheSessionSaysSo) {
  has_key(fail(FailureCode::denied, "AccessDeniedException: no", "allow kms:GenerateDataKey"));
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::denied);
  EXPECT_EQ(closed.error().line(),
            "cannot encrypt session ferry-test with KMS key k1: AccessDeniedException: no; allow "
            "kms:GenerateDataKey");
}

TEST_F(Encryption, WithoutAWayToGetAKeyTheAgentEndsTheSession) {
  const auto closed = stage.play();
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_THAT(closed->output, HasSubstr("kmsKeyId"));
}

TEST_F(Encryption, AnAgentWithAnotherKeyIsRefused) {
  has_key(wire::DataKey{.plaintext = Bytes(wire::kDataKeyBytes, 8), .ciphertext = {1}});
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::protocol);
  EXPECT_THAT(closed.error().what, HasSubstr("ferry-test"));
}

net::Task<Result<wire::DataKey>> never(net::Loop& loop, net::Event& asked) {
  asked.set();
  net::Event answer(loop);
  co_await answer.wait();
  co_return kKey;
}

TEST_F(Encryption, LeavesWhileTheKeyIsBeingMade) {
  net::Event asked(stage.loop);
  stage.services.generate_key = [&](const std::string&) { return never(stage.loop, asked); };
  const auto closed = stage.play([&asked](Stage& played) -> net::Task<> {
    co_await asked.wait();
    played.channel->close();
  });
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::cancelled);
}

}  // namespace
}  // namespace ferry::session

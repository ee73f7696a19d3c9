#include "aws/credential_provider.hpp"

#include "aws/credential_answer.hpp"

#include <string>
#include <utility>

#include <gmock/gmock.h>

namespace ferry::aws {
namespace {

using std::chrono::minutes;

// A source whose credentials last for a while, on a clock of the test's own.
struct Stage {
  net::Task<Result<Credentials>> fetch(Freshness freshness) {
    ++fetches;
    asked_for = freshness;
    co_await may_answer.wait();
    if (is_broken) co_return fail(FailureCode::unreachable, "nobody there");
    co_return Credentials{.access_key_id = "AK" + std::to_string(fetches),
                          .secret_access_key = "s",
                          .session_token = "t",
                          .expires_at = now + lifetime};
  }

  Stage() { may_answer.set(); }
  Result<Credentials> get() { return loop.run(provider.get()); }

  net::Loop loop;
  net::Event may_answer{loop};
  WallTime now{milliseconds{1'700'000'000'000}};
  minutes lifetime{60};
  int fetches = 0;
  bool is_broken = false;
  Freshness asked_for = Freshness::kept_will_do;
  CredentialProvider provider{loop, [this](Freshness freshness) { return fetch(freshness); },
                              [this] { return now; }};
};

TEST(CredentialProvider, ADayOfShortCredentialsNeverGivesExpiredOnes) {
  Stage stage;
  stage.lifetime = minutes(15);
  for (int minute = 0; minute < 24 * 60; ++minute, stage.now += minutes(1)) {
    const Result<Credentials> credentials = stage.get();
    ASSERT_TRUE(credentials);
    ASSERT_GT(*credentials->expires_at, stage.now);
  }
}

TEST(CredentialProvider, WhatLastsIsFetchedOnce) {
  Stage stage;
  for (int minute = 0; minute < 44; ++minute, stage.now += minutes(1))
    ASSERT_EQ(stage.get()->access_key_id, "AK1");
  EXPECT_EQ(stage.fetches, 1);
  stage.now += minutes(2);
  EXPECT_EQ(stage.get()->access_key_id, "AK2");
}

TEST(CredentialProvider, OldOnesDoWhereNewOnesCannotBeHadYet) {
  Stage stage;
  ASSERT_TRUE(stage.get());
  stage.is_broken = true;
  stage.now += minutes(48);
  EXPECT_EQ(stage.get()->access_key_id, "AK1");
  EXPECT_EQ(stage.get()->access_key_id, "AK1");
  EXPECT_EQ(stage.fetches, 2) << "a source in trouble is not asked with every call";
  stage.now += minutes(1);
  EXPECT_EQ(stage.get()->access_key_id, "AK1");
  EXPECT_EQ(stage.fetches, 3);
  stage.now += minutes(12);
  EXPECT_FALSE(stage.get());
}

TEST(CredentialProvider, ShortOnesAreRenewedAtHalfTheirTime) {
  Stage stage;
  stage.lifetime = minutes(10);
  for (int minute = 0; minute < 5; ++minute, stage.now += minutes(1)) ASSERT_TRUE(stage.get());
  EXPECT_EQ(stage.fetches, 1);
  ASSERT_TRUE(stage.get());
  EXPECT_EQ(stage.fetches, 2);
}

TEST(CredentialProvider, WhatHasExpiredAlreadyIsRefused) {
  Stage stage;
  stage.lifetime = minutes(-1);
  const Result<Credentials> refused = stage.get();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().line(), testing::HasSubstr("expired"));
}

TEST(CredentialProvider, WhatAServiceCallsExpiredIsFetchedAnew) {
  Stage stage;
  ASSERT_TRUE(stage.get());
  EXPECT_EQ(stage.asked_for, Freshness::kept_will_do);
  stage.provider.forget();
  EXPECT_EQ(stage.get()->access_key_id, "AK2");
  EXPECT_EQ(stage.asked_for, Freshness::anew) << "what was kept on disk would be the expired ones again";
  stage.now += minutes(50);
  EXPECT_EQ(stage.get()->access_key_id, "AK3");
  EXPECT_EQ(stage.asked_for, Freshness::kept_will_do);
}

net::Task<> ask(Stage& stage, std::vector<std::string>& keys) {
  const Result<Credentials> credentials = co_await stage.provider.get();
  keys.push_back(credentials->access_key_id);
}

net::Task<> ask_together(Stage& stage, std::vector<std::string>& keys) {
  net::TaskGroup group(stage.loop);
  for (int caller = 0; caller < 3; ++caller) group.spawn(ask(stage, keys));
  stage.may_answer.set();
  co_await group.join();
}

TEST(CredentialProvider, ThoseWhoAskTogetherShareOneFetch) {
  Stage stage;
  stage.may_answer.reset();
  std::vector<std::string> keys;
  stage.loop.run(ask_together(stage, keys));
  EXPECT_EQ(keys, std::vector<std::string>(3, "AK1"));
}

net::Task<> ask_in_vain(Stage& stage, int& failures) {
  const Result<Credentials> credentials = co_await stage.provider.get();
  if (!credentials && credentials.error().code == FailureCode::unreachable) ++failures;
}

net::Task<> ask_in_vain_together(Stage& stage, int& failures) {
  net::TaskGroup group(stage.loop);
  for (int caller = 0; caller < 10; ++caller) group.spawn(ask_in_vain(stage, failures));
  // All have asked once the loop has come round.
  co_await net::sleep_for(stage.loop, milliseconds(1));
  stage.may_answer.set();
  co_await group.join();
}

TEST(CredentialProvider, ThoseWhoAskTogetherShareOneFailure) {
  Stage stage;
  stage.is_broken = true;
  stage.may_answer.reset();
  int failures = 0;
  stage.loop.run(ask_in_vain_together(stage, failures));
  EXPECT_EQ(failures, 10);
  EXPECT_EQ(stage.fetches, 1);
  stage.is_broken = false;
  EXPECT_TRUE(stage.get()) << "a failure is not kept";
  EXPECT_EQ(stage.fetches, 2);
}

net::Task<> give_up_the_first(Stage& stage, std::vector<std::string>& keys) {
  net::TaskGroup first(stage.loop);
  net::TaskGroup others(stage.loop);
  first.spawn(ask(stage, keys));
  while (stage.fetches == 0) co_await net::sleep_for(stage.loop, milliseconds(1));
  others.spawn(ask(stage, keys));
  others.spawn(ask(stage, keys));
  first.cancel();
  co_await first.join();
  stage.may_answer.set();
  co_await others.join();
}

TEST(CredentialProvider, WhoWaitsForAFetchThatIsGivenUpBeginsAnother) {
  Stage stage;
  stage.may_answer.reset();
  std::vector<std::string> keys;
  stage.loop.run(give_up_the_first(stage, keys));
  EXPECT_EQ(keys, std::vector<std::string>(2, "AK2"));
}

TEST(CredentialAnswer, AProcessMustSayItsVersion) {
  EXPECT_TRUE(credentials_of_process(R"({"Version":1,"AccessKeyId":"AK","SecretAccessKey":"s"})"));
  EXPECT_FALSE(credentials_of_process(R"({"AccessKeyId":"AK","SecretAccessKey":"s"})"));
  EXPECT_FALSE(credentials_of_process(R"({"Version":1,"AccessKeyId":"AK"})"));
  EXPECT_FALSE(credentials_of_process("AK s"));
}

TEST(CredentialAnswer, AnEndThatIsNoTimeIsRefused) {
  EXPECT_FALSE(credentials_of_process(
      R"({"Version":1,"AccessKeyId":"AK","SecretAccessKey":"s","Expiration":"soon"})"));
  const auto credentials = credentials_of_process(
      R"({"Version":1,"AccessKeyId":"AK","SecretAccessKey":"s","Expiration":"2026-11-23T18:19:36+01:00"})");
  ASSERT_TRUE(credentials);
  EXPECT_EQ(rfc3339(*credentials->expires_at), "2026-11-23T17:19:36.000Z");
}

TEST(CredentialAnswer, NeverQuotesASecret) {
  const auto refused =
      credentials_of_metadata(R"({"AccessKeyId":"AK","SecretAccessKey":"hush hush","Token":"t"})");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().line(), testing::Not(testing::HasSubstr("hush")));
}

TEST(CredentialAnswer, MetadataThatHasNoneSaysItsCode) {
  const auto refused = credentials_of_metadata(R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"no"})");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().line(), testing::HasSubstr("AssumeRoleUnauthorizedAccess"));
}

}  // namespace
}  // namespace ferry::aws

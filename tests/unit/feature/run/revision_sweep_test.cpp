#include "feature/run/revision_sweep.hpp"

#include "feature/run/ephemeral_revision.hpp"
#include "feature/run/revision_registration.hpp"
#include "net/clock.hpp"
#include "unit/feature/run/revision_stage.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ferry::feature {
namespace {

using std::chrono::minutes;

struct Sweep {
  std::vector<std::string> operations, notices;
};

// Sweeps while the service answers so, after `before`, which may leave entries for this very endpoint.
Sweep sweep(RevisionStage& stage, std::vector<net::HttpResponse> answers,
            const std::function<void()>& before) {
  Sweep seen;
  const auto asked = stage.play(std::move(answers), [&](aws::Client& client) -> net::Task<> {
    before();
    co_await sweep_revisions(client, stage.folder(),
                             [&seen](std::string_view line) { seen.notices.emplace_back(line); });
  });
  for (const Asked& one : asked) seen.operations.push_back(one.operation);
  return seen;
}

boost::json::object with_mark(const std::string& mark) {
  return marked({{"containerDefinitions", {{{"name", "app"}}}}}, mark);
}

using Operations = std::vector<std::string>;

TEST(RevisionSweep, CallsNobodyWhereNothingWasLeft) {
  RevisionStage stage;
  EXPECT_EQ(sweep(stage, {}, [] {}).operations, Operations());
  EXPECT_FALSE(std::filesystem::exists(stage.folder()));
}

TEST(RevisionSweep, DeregistersWhatAProcessThatEndedLeft) {
  RevisionStage stage;
  const Sweep seen = sweep(stage, {stage.identity(), stage.deregistered()},
                           [&] { stage.leave("ferry-web", "m", net::wall_now(), stage.arn("ferry-web:4")); });
  EXPECT_EQ(seen.operations, (Operations{"GetCallerIdentity", "DeregisterTaskDefinition"}));
  EXPECT_EQ(seen.notices, Operations{"deregistered ferry-web:4, which an earlier ferry left registered"});
  EXPECT_EQ(stage.files(), 0);
}

TEST(RevisionSweep, WhatALivingProcessNeedsStays) {
  RevisionStage stage;
  const auto asked = stage.play({stage.registered("ferry-web:1")}, [&](aws::Client& client) -> net::Task<> {
    net::Event given_up(client.loop());
    const auto revision = co_await register_revision(
        client, stage.folder(), {{"family", "ferry-web"}, {"containerDefinitions", {{{"name", "app"}}}}},
        stage.arn("web:7"), given_up);
    EXPECT_TRUE(revision);
    co_await sweep_revisions(client, stage.folder(), [](std::string_view) {});
  });
  EXPECT_EQ(asked.size(), 1U);
  EXPECT_EQ(stage.files(), 1);
}

TEST(RevisionSweep, ElsewhereIsNotThisSweepsBusiness) {
  RevisionStage stage;
  stage.leave("ferry-web", "m", net::wall_now(), stage.arn("ferry-web:4"));  // at another port
  EXPECT_EQ(sweep(stage, {}, [] {}).operations, Operations());

  const Sweep other_account = sweep(stage, {stage.identity("999999999999")}, [&] {
    stage.leave("ferry-web", "m", net::wall_now(), stage.arn("ferry-web:5"));
  });
  EXPECT_EQ(other_account.operations, Operations{"GetCallerIdentity"});
  EXPECT_EQ(stage.files(), 2);
}

TEST(RevisionSweep, FindsByItsMarkWhatWasRegisteredWithoutAnAnswer) {
  RevisionStage stage;
  const auto asked = stage.play(
      {stage.identity(), stage.listed({"ferry-web:9", "ferry-web:8"}), stage.described(with_mark("other")),
       stage.described(with_mark("mine")), stage.deregistered()},
      [&](aws::Client& client) -> net::Task<> {
        stage.leave("ferry-web", "mine", net::wall_now());
        co_await sweep_revisions(client, stage.folder(), [](std::string_view) {});
      });
  ASSERT_EQ(asked.size(), 5U);
  EXPECT_EQ(asked[1].input.at("familyPrefix"), "ferry-web");
  EXPECT_EQ(asked[4].operation, "DeregisterTaskDefinition");
  EXPECT_EQ(asked[4].input.at("taskDefinition").as_string(), stage.arn("ferry-web:8"));
  EXPECT_EQ(stage.files(), 0);
}

TEST(RevisionSweep, WhatNeverCameAboutIsForgottenWhenItsCallCannotBeUnderWayAnyMore) {
  RevisionStage stage;
  const Sweep young = sweep(stage, {stage.identity(), stage.listed({})},
                            [&] { stage.leave("ferry-web", "mine", net::wall_now()); });
  EXPECT_EQ(young.notices, Operations());
  EXPECT_EQ(stage.files(), 1);

  RevisionStage other;
  sweep(other, {other.identity(), other.listed({})},
        [&] { other.leave("ferry-web", "mine", net::wall_now() - minutes(3)); });
  EXPECT_EQ(other.files(), 0);
}

TEST(RevisionSweep, WhatTheServiceRefusesIsSaidAndRests) {
  RevisionStage stage;
  std::vector<std::string> notices;
  const auto asked = stage.play({stage.identity(), stage.refused("AccessDeniedException", "No.")},
                                [&](aws::Client& client) -> net::Task<> {
                                  const auto say = [&](std::string_view line) { notices.emplace_back(line); };
                                  stage.leave("ferry-web", "m", net::wall_now(), stage.arn("ferry-web:4"));
                                  co_await sweep_revisions(client, stage.folder(), say);
                                  co_await sweep_revisions(client, stage.folder(), say);
                                });
  EXPECT_EQ(asked.size(), 2U);
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_NE(notices[0].find("cannot deregister ferry-web:4"), std::string::npos) << notices[0];
  EXPECT_EQ(stage.files(), 1);
}

TEST(RevisionSweep, WithoutAnIdentityNothingIsTouchedAndTheNextCommandTriesAgain) {
  RevisionStage stage;
  const auto denied = stage.refused("ExpiredToken", "The token has expired.", 403);
  const auto asked =
      stage.play({denied, stage.identity(), stage.deregistered()}, [&](aws::Client& client) -> net::Task<> {
        stage.leave("ferry-web", "m", net::wall_now(), stage.arn("ferry-web:4"));
        co_await sweep_revisions(client, stage.folder(), [](std::string_view) {});
        EXPECT_EQ(stage.files(), 1);
        co_await sweep_revisions(client, stage.folder(), [](std::string_view) {});
      });
  EXPECT_EQ(asked.size(), 3U);
  EXPECT_EQ(stage.files(), 0);
}

TEST(RevisionSweep, AJournalThatNamesAnotherFamilyIsNotBelieved) {
  RevisionStage stage;
  const Sweep seen =
      sweep(stage, {stage.identity()}, [&] { stage.leave("web", "m", net::wall_now(), stage.arn("web:7")); });
  EXPECT_EQ(seen.operations, Operations{"GetCallerIdentity"});
  EXPECT_EQ(seen.notices.size(), 1U);
}

}  // namespace
}  // namespace ferry::feature

#include "feature/run/revision_registration.hpp"

#include "aws/answer_reader.hpp"
#include "feature/run/ephemeral_revision.hpp"
#include "net/clock.hpp"
#include "unit/aws/environment.hpp"
#include "unit/feature/run/revision_stage.hpp"

#include <functional>
#include <vector>

namespace ferry::feature {
namespace {

namespace json = boost::json;

json::object definition() {
  return {{"family", "ferry-web"}, {"containerDefinitions", {{{"name", "app"}, {"image", "web:2"}}}}};
}

// Registers while the service answers so; what is left of the revision goes to `then`.
using Then = std::function<net::Task<>(aws::Client&, Result<EphemeralRevision>)>;
std::vector<Asked> register_with(RevisionStage& stage, std::vector<net::HttpResponse> answers,
                                 const Then& then) {
  return stage.play(std::move(answers), [&](aws::Client& client) -> net::Task<> {
    net::Event given_up(client.loop());
    Result<EphemeralRevision> revision =
        co_await register_revision(client, stage.folder(), definition(), stage.arn("web:7"), given_up);
    co_await then(client, std::move(revision));
  });
}

TEST(RevisionRegistration, RegistersWithAMarkAndLeavesNothingOnceDeregistered) {
  RevisionStage stage;
  const auto asked =
      register_with(stage, {stage.registered("ferry-web:1"), stage.deregistered()},
                    [&](aws::Client& client, Result<EphemeralRevision> revision) -> net::Task<> {
                      EXPECT_TRUE(revision) << revision.error().line();
                      if (!revision) co_return;
                      EXPECT_EQ(revision->arn(), stage.arn("ferry-web:1"));
                      EXPECT_EQ(stage.files(), 1);
                      const Result<> done = co_await deregister(client, std::move(*revision));
                      EXPECT_TRUE(done) << done.error().line();
                    });
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].operation, "RegisterTaskDefinition");
  EXPECT_EQ(aws::text_in(asked[0].input, "family"), "ferry-web");
  EXPECT_FALSE(mark_of(asked[0].input).empty());
  EXPECT_EQ(asked[1].operation, "DeregisterTaskDefinition");
  EXPECT_EQ(aws::text_in(asked[1].input, "taskDefinition"), stage.arn("ferry-web:1"));
  EXPECT_EQ(stage.files(), 0);
}

TEST(RevisionRegistration, WhatTheServiceRefusesLeavesNothing) {
  RevisionStage stage;
  register_with(stage, {stage.refused("ClientException", "No such image.")},
                [&](aws::Client&, Result<EphemeralRevision> revision) -> net::Task<> {
                  EXPECT_FALSE(revision);
                  co_return;
                });
  EXPECT_EQ(stage.files(), 0);
}

TEST(RevisionRegistration, WaitsItsTurnWhereManyRegisterAtOnce) {
  RevisionStage stage;
  const net::HttpResponse slow_down = stage.refused("ThrottlingException", "Rate exceeded");
  const auto asked = register_with(
      stage, {slow_down, slow_down, slow_down, stage.registered("ferry-web:1"), stage.deregistered()},
      [&](aws::Client& client, Result<EphemeralRevision> revision) -> net::Task<> {
        EXPECT_TRUE(revision) << revision.error().line();
        if (!revision) co_return;
        const Result<> done = co_await deregister(client, std::move(*revision));
        EXPECT_TRUE(done);
      });
  EXPECT_EQ(asked.size(), 5U);
  EXPECT_EQ(stage.files(), 0);
}

TEST(RevisionRegistration, DoesNotWaitItsTurnForAUserWhoGaveUp) {
  RevisionStage stage;
  const auto asked = stage.play({}, [&](aws::Client& client) -> net::Task<> {
    net::Event given_up(client.loop());
    given_up.set();
    const auto revision =
        co_await register_revision(client, stage.folder(), definition(), stage.arn("web:7"), given_up);
    EXPECT_FALSE(revision);
  });
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(stage.files(), 0);
}

TEST(RevisionRegistration, AnAnswerThatLeavesItOpenStaysInTheJournalWithItsMark) {
  RevisionStage stage;
  const auto asked = register_with(stage, {stage.refused("ServerException", "Try again.", 500)},
                                   [&](aws::Client&, Result<EphemeralRevision> revision) -> net::Task<> {
                                     EXPECT_FALSE(revision);
                                     co_return;
                                   });
  const auto left = stage.abandoned();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].intent().mark, mark_of(asked.at(0).input));
  EXPECT_EQ(left[0].intent().account, stage.kAccount);
  EXPECT_EQ(left[0].intent().region, "eu-west-1");
  EXPECT_TRUE(left[0].arn().empty());
}

TEST(RevisionRegistration, NothingIsRegisteredWithoutAJournal) {
  RevisionStage stage;
  const auto asked = stage.play({}, [&](aws::Client& client) -> net::Task<> {
    net::Event given_up(client.loop());
    const auto revision =
        co_await register_revision(client, "/dev/null/revisions", definition(), stage.arn("web:7"), given_up);
    EXPECT_FALSE(revision);
    if (!revision) EXPECT_NE(revision.error().what.find("journal"), std::string::npos);
  });
  EXPECT_TRUE(asked.empty());
}

TEST(RevisionRegistration, WhatCannotBeDeregisteredStaysInTheJournal) {
  RevisionStage stage;
  register_with(stage, {stage.registered("ferry-web:1"), stage.refused("AccessDeniedException", "No.")},
                [&](aws::Client& client, Result<EphemeralRevision> revision) -> net::Task<> {
                  if (!revision) co_return;
                  const Result<> done = co_await deregister(client, std::move(*revision));
                  EXPECT_FALSE(done);
                  if (done) co_return;
                  EXPECT_NE(done.error().what.find("ferry-web:1"), std::string::npos);
                  EXPECT_EQ(done.error().hint, "the next ferry command tries again");
                });
  const auto left = stage.abandoned();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].arn(), stage.arn("ferry-web:1"));
}

TEST(RevisionRegistration, ARevisionThatIsGoneCountsAsDeregistered) {
  RevisionStage stage;
  for (const net::HttpResponse& seen :
       {stage.described({}, "INACTIVE"), stage.refused("ClientException", "Unable to describe it.")}) {
    stage.play({stage.refused("ClientException", "It is inactive."), seen},
               [&](aws::Client& client) -> net::Task<> {
                 const Result<> done = co_await deregister_revision(client, stage.arn("ferry-web:1"));
                 EXPECT_TRUE(done);
               });
  }
  stage.play({stage.refused("ClientException", "Not now."), stage.described({}, "ACTIVE")},
             [&](aws::Client& client) -> net::Task<> {
               const Result<> done = co_await deregister_revision(client, stage.arn("ferry-web:1"));
               EXPECT_FALSE(done);
             });
}

TEST(RevisionRegistration, OtherFamiliesAreNeverTouched) {
  RevisionStage stage;
  const auto asked = stage.play({}, [&](aws::Client& client) -> net::Task<> {
    for (const char* name : {"web:7", "my-ferry-web:1", "ferry:3"}) {
      const Result<> done = co_await deregister_revision(client, stage.arn(name));
      EXPECT_FALSE(done) << name;
    }
  });
  EXPECT_TRUE(asked.empty());
}

TEST(Revise, TurnsTheRunIntoTheRevisions) {
  RevisionStage stage;
  RevisionChange change;
  change.image = "web:2";
  change.allowed = true;
  json::object described{{"family", "web"},
                         {"revision", 7},
                         {"taskDefinitionArn", stage.arn("web:7")},
                         {"containerDefinitions", {{{"name", "app"}, {"image", "web:1"}}}}};
  json::object input{{"taskDefinition", "web"}, {"overrides", {{"cpu", "512"}}}};
  const auto asked = stage.play({stage.registered("ferry-web:1")}, [&](aws::Client& client) -> net::Task<> {
    net::Event given_up(client.loop());
    const auto revision = co_await revise(client, stage.folder(), change, "app", described, input, given_up);
    EXPECT_TRUE(revision && *revision);
  });
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(input,
            (json::object{{"taskDefinition", stage.arn("ferry-web:1")}, {"overrides", {{"cpu", "512"}}}}));
  EXPECT_EQ(described.at("containerDefinitions").at(0).at("image"), "web:2");
  EXPECT_EQ(described.at("taskDefinitionArn").as_string(), stage.arn("ferry-web:1"));
}

TEST(Revise, DoesNothingWhereRunTaskIsEnoughAndNothingWhereItFails) {
  RevisionStage stage;
  json::object described{{"family", "web"}, {"containerDefinitions", {{{"name", "app"}}}}};
  json::object input{{"taskDefinition", "web"}};
  const auto asked = stage.play({}, [&](aws::Client& client) -> net::Task<> {
    RevisionChange change;
    change.allowed = true;
    net::Event given_up(client.loop());
    const auto nothing = co_await revise(client, stage.folder(), change, "app", described, input, given_up);
    EXPECT_TRUE(nothing && !*nothing);
    change.image = "web:2";
    const auto no_journal = co_await revise(client, "", change, "app", described, input, given_up);
    EXPECT_FALSE(no_journal);
    change.allowed = false;
    const auto not_allowed =
        co_await revise(client, stage.folder(), change, "app", described, input, given_up);
    EXPECT_FALSE(not_allowed);
  });
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(input, (json::object{{"taskDefinition", "web"}}));
}

TEST(RevisionJournal, IsKeptWithTheStateOfItsUser) {
  EXPECT_EQ(revision_journal_folder(aws::environment_of({{"HOME", "/home/a"}})),
            "/home/a/.local/state/ferry/revisions");
  EXPECT_EQ(revision_journal_folder(aws::environment_of({{"HOME", "/home/a"}, {"XDG_STATE_HOME", "/state"}})),
            "/state/ferry/revisions");
  EXPECT_FALSE(revision_journal_folder(aws::environment_of({})));
}

TEST(RevisionJournal, ALineThatWasNotFinishedSaysNothing) {
  RevisionStage stage;
  stage.leave("ferry-web", "mark", net::wall_now(), "", R"({"registered":"arn:cut)");
  const auto left = stage.abandoned();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].intent().mark, "mark");
  EXPECT_TRUE(left[0].arn().empty());
}

TEST(RevisionJournal, WhatIsNoEntryIsLeftAlone) {
  RevisionStage stage;
  stage.write("one.journal", "not a journal\n");
  stage.write("two.journal", R"({"version":99,"mark":"m","intended_at_ms":1})"
                             "\n");
  stage.write("three.txt", "");
  EXPECT_TRUE(stage.abandoned().empty());
  EXPECT_EQ(stage.files(), 3);
}

}  // namespace
}  // namespace ferry::feature

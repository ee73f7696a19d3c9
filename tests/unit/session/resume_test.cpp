// What breaks a connection, and what the user sees of it: nothing is lost, nothing comes twice, and trying
// ends.
#include "net/clock.hpp"
#include "stage.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::session {
namespace {

using test::Stage;
using test::type_bye;
using testing::ElementsAre;
using testing::HasSubstr;

struct Resume : testing::Test {
  Resume() { stage.can_renew_tokens(); }

  // Much in both directions, over connections that are cut so.
  void expect_whole_transfer(const std::deque<test::Cut>& cuts) {
    const std::string typed = test::distinct_text(100'000);
    stage.agent.flood_bytes = 100'000;
    stage.agent.cuts = cuts;
    const std::string shown = stage.agent.greeting + test::distinct_text(stage.agent.flood_bytes);
    net::Event has_all(stage.loop);
    stage.listener.on_data = [&](StreamKind, BytesView bytes) {
      stage.output += as_text(bytes);
      if (stage.output.size() >= shown.size()) has_all.set();
    };
    const auto closed = stage.play([&](Stage& played) -> net::Task<> {
      const auto sent = co_await played.channel->send_input(to_bytes(typed));
      EXPECT_TRUE(sent);
      co_await has_all.wait();
      co_await type_bye(played);
    });
    ASSERT_TRUE(closed) << closed.error().line();
    EXPECT_TRUE(stage.agent.input == typed + "hello, bye");
    EXPECT_TRUE(stage.output == shown);
    EXPECT_EQ(stage.agent.tokens.size(), cuts.size() + 1);
    EXPECT_EQ(stage.renewed, static_cast<int>(cuts.size()));
  }

  Stage stage;
};

TEST_F(Resume, NothingIsLostOrRepeatedWhateverIsCut) {
  std::deque<test::Cut> cuts;
  for (std::size_t count = 1; count <= 12; ++count) {
    cuts.push_back({.after_sent = count});
    cuts.push_back({.after_received = count});
  }
  expect_whole_transfer(cuts);
}

TEST_F(Resume, ALaterConnectionOpensWithTheFreshToken) {
  stage.agent.cuts = {{.after_sent = 1}};
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_THAT(stage.agent.tokens, ElementsAre("secret-token", "token 1"));
  EXPECT_EQ(stage.output, "ready ");
  EXPECT_EQ(stage.agent.input, "hello, bye");
  EXPECT_EQ(stage.told, "ready;lost;resumed;");
}

TEST_F(Resume, AHandshakeGoesOnWhereItWasCut) {
  for (std::size_t count = 1; count <= 4; ++count) {
    Stage other;
    other.can_renew_tokens();
    other.agent.handshake_session_type = "NonInteractiveCommands";
    other.agent.cuts = {{.after_sent = count}, {.after_received = count}};
    other.listener.on_connection_lost = {};
    other.listener.on_connection_resumed = {};
    const auto closed = other.play(type_bye);
    ASSERT_TRUE(closed) << closed.error().line();
    EXPECT_EQ(other.output, "ready ") << count;
    EXPECT_EQ(other.error_output, "warning") << count;
    EXPECT_EQ(other.told, "Be careful;ready;exit 3;") << count;
  }
}

TEST_F(Resume, ATokenThatIsRefusedIsReplaced) {
  stage.agent.refused_tokens = {"secret-token", "token 1"};
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_THAT(stage.agent.tokens, ElementsAre("secret-token", "token 1", "token 2"));
  EXPECT_EQ(stage.output, "ready ");
}

TEST_F(Resume, AServerThatIsDownForAWhileIsWaitedFor) {
  stage.agent.cuts = {{.after_sent = 1}};
  stage.statuses = {200, 503, 503, 500, 404};
  stage.renewals = {fail(FailureCode::unreachable, "no network"), fail(FailureCode::throttled, "slow down"),
                    fail(FailureCode::timed_out, "no answer")};
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_EQ(stage.renewed, 8);
  EXPECT_EQ(stage.told, "ready;lost;resumed;");
}

TEST_F(Resume, ASessionThatTheServiceSaysIsOverIsNotTriedAgain) {
  stage.agent.cuts = {{.after_sent = 1}};
  stage.renewals = {fail(FailureCode::lost, "session ferry-test is over")};
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::lost);
  EXPECT_THAT(closed.error().what, HasSubstr("session ferry-test is over"));
  EXPECT_EQ(stage.renewed, 1);
  EXPECT_EQ(stage.output, "ready ");
}

TEST_F(Resume, WithoutTheRightToAskForATokenTheSessionIsLost) {
  stage.agent.cuts = {{.after_sent = 1}};
  stage.renewals = {fail(FailureCode::denied, "AccessDeniedException", "allow ssm:ResumeSession")};
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::lost);
  EXPECT_THAT(closed.error().line(), HasSubstr("allow ssm:ResumeSession"));
  EXPECT_EQ(stage.renewed, 1);
}

TEST_F(Resume, TryingEndsWhereNoConnectionLasts) {
  stage.times.resume_within = milliseconds(100);
  stage.agent.refused_tokens = {"secret-token"};
  for (int number = 1; number < 200; ++number)
    stage.agent.refused_tokens.push_back("token " + std::to_string(number));
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::lost);
  EXPECT_THAT(closed.error().what, HasSubstr("no connection in 0.1 s that lasted"));
}

TEST_F(Resume, TryingEndsWhereTheServiceCannotBeReached) {
  stage.times.resume_within = milliseconds(100);
  stage.agent.cuts = {{.after_sent = 1}};
  stage.renewals.assign(200, fail(FailureCode::unreachable, "no network"));
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::lost);
  EXPECT_THAT(closed.error().what, HasSubstr("no network"));
}

TEST_F(Resume, AConnectionThatAnswersNothingIsBroken) {
  net::Event hears_again(stage.loop);
  stage.agent.hears_again = &hears_again;
  stage.agent.deaf_connections = 1;
  stage.times.ping_interval = milliseconds(10);
  stage.times.longest_silence = milliseconds(50);
  std::string reason;
  stage.listener.on_connection_lost = [&](const Failure& lost) {
    reason = lost.what;
    hears_again.set();
  };
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_EQ(reason, "nothing was heard for 0.05 s");
  EXPECT_THAT(stage.agent.tokens, ElementsAre("token 1"));
}

net::Task<> wait_long_and_type_bye(Stage& stage) {
  co_await net::sleep_for(stage.loop, 2 * stage.times.longest_silence);
  co_await type_bye(stage);
}

TEST_F(Resume, AnAgentThatOnlyAnswersPingsIsThere) {
  stage.times.ping_interval = milliseconds(50);
  stage.times.longest_silence = milliseconds(250);
  const auto closed = stage.play(wait_long_and_type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_EQ(stage.told, "ready;");
}

TEST_F(Resume, ABreakWhilePausedLosesNothing) {
  stage.agent.flood_bytes = 60'000;
  stage.agent.cuts = {{.after_sent = 20}};
  net::Event has_data(stage.loop);
  stage.listener.on_data = [&](StreamKind, BytesView bytes) {
    if (stage.output.empty()) stage.channel->pause();
    stage.output += as_text(bytes);
    has_data.set();
  };
  const auto closed = stage.play([&](Stage& played) -> net::Task<> {
    co_await has_data.wait();
    co_await played.agent_left.wait();
    played.channel->resume();
    co_await type_bye(played);
  });
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_TRUE(stage.output.starts_with("ready " + test::distinct_text(stage.output.size() - 6)));
}

TEST_F(Resume, LeavesWhileReconnecting) {
  stage.times.first_pause = milliseconds(3'600'000);
  stage.agent.cuts = {{.after_sent = 1}};
  stage.listener.on_connection_lost = [&](const Failure&) { stage.channel->close(); };
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::cancelled);
}

TEST_F(Resume, InputThatWaitsWhileReconnectingIsDelivered) {
  stage.agent.cuts = {{.after_sent = 1}};
  stage.agent.end_marker = "never";
  const std::string typed = test::distinct_text(300'000);
  net::Event is_lost(stage.loop);
  stage.listener.on_connection_lost = [&](const Failure&) { is_lost.set(); };
  const auto closed = stage.play([&](Stage& played) -> net::Task<> {
    co_await is_lost.wait();
    const auto sent = co_await played.channel->send_input(to_bytes(typed));
    EXPECT_TRUE(sent);
    co_await played.channel->input_delivered();
    EXPECT_TRUE(played.agent.input == typed);
    played.channel->close();
  });
  EXPECT_FALSE(closed);
}

TEST_F(Resume, AFirstConnectionIsTriedMoreThanOnceWithItsToken) {
  stage.statuses = {503, 503};
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_THAT(stage.agent.tokens, ElementsAre("secret-token"));
  EXPECT_EQ(stage.renewed, 0);
}

TEST_F(Resume, AServiceThatOpensNoConnectionIsAFailure) {
  stage.refusal.status = 503;
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::refused);
  EXPECT_THAT(closed.error().what, HasSubstr("cannot open session ferry-test: "));
}

}  // namespace
}  // namespace ferry::session

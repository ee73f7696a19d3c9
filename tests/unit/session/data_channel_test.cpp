#include "session/data_channel.hpp"

#include "stage.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::session {
namespace {

using test::Stage;
using test::type_bye;

TEST(DataChannel, CarriesASessionFromItsTokenToItsEnd) {
  Stage stage;
  const auto closed = stage.play([](Stage& played) -> net::Task<> {
    played.channel->send_size({.columns = 132, .rows = 43});
    co_await type_bye(played);
  });
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_EQ(closed->output, "");
  EXPECT_EQ(stage.agent.tokens, std::vector<std::string>{"secret-token"});
  EXPECT_EQ(stage.agent.input, "hello, bye");
  EXPECT_EQ(stage.agent.size, (TerminalSize{.columns = 132, .rows = 43}));
  EXPECT_EQ(stage.output, "ready ");
  EXPECT_EQ(stage.told, "ready;");
}

TEST(DataChannel, TellsWhatAHandshakeAndSeparateStreamsBring) {
  Stage stage;
  stage.agent.handshake_session_type = "NonInteractiveCommands";
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_EQ(stage.output, "ready ");
  EXPECT_EQ(stage.error_output, "warning");
  EXPECT_EQ(stage.told, "Be careful;ready;exit 3;");
}

TEST(DataChannel, HandsOnWhyTheChannelWasClosed) {
  Stage stage;
  stage.agent.close_output = "the container has stopped";
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_EQ(closed->output, "the container has stopped");
}

TEST(DataChannel, ALostConnectionIsAFailureThatNamesTheSession) {
  Stage stage;
  stage.agent.drops_after_greeting = true;
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::lost);
  EXPECT_TRUE(closed.error().what.starts_with("session ferry-test is lost: ")) << closed.error().what;
  EXPECT_NE(closed.error().hint, "");
  EXPECT_EQ(stage.output, "ready ");  // what came before is not lost with it
}

TEST(DataChannel, ARefusedConnectionIsAFailureThatNamesTheSession) {
  Stage stage;
  stage.refusal.status = 403;
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::denied);
  EXPECT_TRUE(closed.error().what.starts_with("cannot open session ferry-test: ")) << closed.error().what;
  EXPECT_EQ(closed.error().what.find("secret-token"), std::string::npos);
}

TEST(DataChannel, NobodyListening) {
  Stage stage;
  {
    Stage other;
    stage.address.stream_url = other.address.stream_url;
  }
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::unreachable);
}

TEST(DataChannel, AnAddressThatIsNone) {
  Stage stage;
  stage.address.stream_url = "gopher://127.0.0.1/";
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::usage);
}

TEST(DataChannel, AMessageThatIsNoneEndsTheSession) {
  Stage stage;
  stage.agent.sends_garbage = true;
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::protocol);
  EXPECT_NE(closed.error().what.find("ferry-test"), std::string::npos);
}

TEST(DataChannel, LeavesWhenItIsTold) {
  Stage stage;
  stage.listener.on_ready = [&stage] { stage.channel->close(); };
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::cancelled);
}

TEST(DataChannel, InputAfterTheEndFails) {
  Stage stage;
  stage.agent.drops_after_greeting = true;
  ASSERT_FALSE(stage.play());
  const auto sent = stage.loop.run(stage.channel->send_input(to_bytes("late")));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, FailureCode::lost);
}

TEST(DataChannel, CarriesMoreInputThanTheWindow) {
  Stage stage;
  const std::string text = std::string(1'000'000, 'i') + "bye";
  const auto closed = stage.play([&text](Stage& played) -> net::Task<> {
    const auto sent = co_await played.channel->send_input(to_bytes(text));
    EXPECT_TRUE(sent);
  });
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_TRUE(stage.agent.input == text);
}

TEST(DataChannel, WhilePausedNothingIsTold) {
  Stage stage;
  stage.agent.flood_bytes = 500'000;
  net::Event has_data(stage.loop);
  bool is_paused = false;
  int pauses = 0;
  stage.listener.on_data = [&](StreamKind, BytesView bytes) {
    EXPECT_FALSE(is_paused);
    stage.output += as_text(bytes);
    stage.channel->pause();
    is_paused = true;
    ++pauses;
    has_data.set();
  };
  const std::size_t expected = stage.agent.greeting.size() + stage.agent.flood_bytes;
  const auto closed = stage.play([&](Stage& played) -> net::Task<> {
    while (played.output.size() < expected) {
      co_await has_data.wait();
      has_data.reset();
      is_paused = false;
      played.channel->resume();
    }
    co_await type_bye(played);
  });
  ASSERT_TRUE(closed) << closed.error().line();
  EXPECT_EQ(stage.output.size(), expected);
  EXPECT_GT(pauses, 100);
}

TEST(DataChannel, APausedListenerStillGetsAllThatCameBeforeTheEnd) {
  Stage stage;
  stage.agent.flood_bytes = 60'000;
  stage.agent.drops_after_greeting = true;
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
  });
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::lost);
  EXPECT_EQ(stage.output.size(), stage.agent.greeting.size() + stage.agent.flood_bytes);
}

net::Task<> run_until_cancelled(Stage& stage, bool& has_returned) {
  const auto closed = co_await stage.channel->run();
  has_returned = true;
  EXPECT_TRUE(closed);
}

net::Task<> cancel_when_ready(Stage& stage, net::Event& is_ready, bool& has_returned) {
  net::TaskGroup serving(stage.loop);
  serving.spawn(stage.server->serve(
      [&stage](net::HttpRequest request) { return Stage::answer(stage, std::move(request)); }));
  net::TaskGroup running(stage.loop);
  running.spawn(run_until_cancelled(stage, has_returned));
  co_await is_ready.wait();
  running.cancel();
  co_await running.join();
  stage.server->stop();
  co_await serving.join();
}

TEST(DataChannel, CancellationLeavesNothingBehind) {
  Stage stage;
  net::Event is_ready(stage.loop);
  bool has_returned = false;
  stage.listener.on_ready = [&is_ready] { is_ready.set(); };
  stage.make_channel();
  stage.loop.run(cancel_when_ready(stage, is_ready, has_returned));
  EXPECT_FALSE(has_returned);
}

}  // namespace
}  // namespace ferry::session

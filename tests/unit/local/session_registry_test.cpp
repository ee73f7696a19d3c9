#include "local/agent/session_registry.hpp"

#include "base/text.hpp"
#include "local/agent/utf8_border.hpp"
#include "local/runtime/process_runtime.hpp"
#include "net/clock.hpp"
#include "net/http_server.hpp"
#include "runtime_test_support.hpp"
#include "session_test_client.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::local {
namespace {

using ::testing::HasSubstr;
using Kind = SessionRequest::Kind;

constexpr const char* runtime_id = "0123456789abcdef-1";

// Whether the process is gone, or a zombie that nobody of ours has to reap, within 10 s.
net::Task<bool> ends(net::Loop& loop, pid_t pid) {
  const Instant deadline = net::steady_now() + milliseconds(10'000);
  while (net::steady_now() < deadline) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string stat;
    std::getline(file, stat);
    const std::size_t name_end = stat.rfind(") ");
    if (name_end == std::string::npos || stat[name_end + 2] == 'Z') co_return true;
    co_await net::sleep_for(loop, milliseconds(10));
  }
  co_return false;
}

// One container that sleeps, its sessions, and a server for them. Each test is a coroutine that runs beside
// the server.
class Sessions : public ::testing::Test {
 public:
  using Body = std::function<net::Task<>(Sessions&)>;

  void run(Body body, SessionLimits limits = {}) { loop.run(run_body(*this, std::move(body), limits)); }

  static net::Task<> run_body(Sessions& self, Body body, SessionLimits limits) {
    ProcessRuntime runtime(self.loop);
    Result<std::unique_ptr<Container>> started = co_await runtime.start(shell_container("exec sleep 1000"));
    self.container = std::move(started.value());
    self.registry = std::make_unique<SessionRegistry>(self.loop, limits);
    self.registry->container_started(runtime_id, *self.container);
    auto server = net::HttpServer::listen(self.loop, "127.0.0.1", 0);
    self.port = (*server)->port();
    net::TaskGroup serving(self.loop);
    serving.spawn((*server)->serve(answer_from(*self.registry)));
    co_await body(self);
    co_await self.registry->shut_down();
    (*server)->stop();
    serving.cancel();
    co_await serving.join();
    self.registry.reset();
    self.container.reset();
  }

  static net::HttpHandler answer_from(SessionRegistry& registry) {
    return [&registry](net::HttpRequest request) { return answer(registry, std::move(request)); };
  }
  static net::Task<net::HttpAnswer> answer(SessionRegistry& registry, net::HttpRequest request) {
    if (std::optional<net::WebSocketSession> session = registry.session_for(request.target))
      co_return std::move(*session);
    net::HttpResponse response;
    response.status = 404;
    co_return response;
  }

  SessionTicket open(std::string command, Kind kind = Kind::interactive_commands,
                     bool separate_output = false) {
    Result<SessionTicket> ticket = try_open(std::move(command), kind, separate_output);
    EXPECT_TRUE(ticket) << ticket.error().line();
    return ticket.value_or(SessionTicket{});
  }
  Result<SessionTicket> try_open(std::string command, Kind kind = Kind::interactive_commands,
                                 bool separate_output = false) {
    SessionRequest request;
    request.kind = kind;
    request.target = std::string("ecs:my_cluster_0123456789abcdef_") + runtime_id;
    request.command = std::move(command);
    request.separate_output = separate_output;
    return registry->open(std::move(request));
  }

  net::Loop loop;
  std::unique_ptr<Container> container;
  std::unique_ptr<SessionRegistry> registry;
  std::uint16_t port = 0;
};

TEST_F(Sessions, OutputOfAnInteractiveCommandThenChannelClosed) {
  run([](Sessions& self) -> net::Task<> {
    const SessionTicket ticket = self.open("printf '%s\\n' 'two words' $HOME # comment");
    EXPECT_TRUE(ticket.session_id.starts_with("ecs-execute-command-"));
    TestClient client(self.loop, self.port);
    co_await client.run(ticket);
    // No shell: the variable stays as it is. A terminal: line ends are CR LF.
    EXPECT_EQ(client.output, "two words\r\n$HOME\r\n");
    EXPECT_EQ(client.closed, "");
  });
}

TEST_F(Sessions, LongOutputArrivesWhole) {
  run([](Sessions& self) -> net::Task<> {
    TestClient client(self.loop, self.port);
    const SessionTicket ticket = self.open("seq 1 200000");
    co_await client.run(ticket);
    std::string expected;
    for (int i = 1; i <= 200'000; ++i) expected += std::to_string(i) + "\r\n";
    EXPECT_TRUE(client.output == expected) << client.output.size() << " of " << expected.size();
  });
}

TEST_F(Sessions, InputAndWindowSizeReachTheTerminal) {
  run([](Sessions& self) -> net::Task<> {
    TestClient client(self.loop, self.port);
    const SessionTicket ticket =
        self.open("sh -c 'stty -echo; echo ready; read line; echo got $line; stty size'");
    bool has_typed = false;
    co_await client.run(ticket, [&has_typed](TestClient& seen) {
      if (!has_typed && seen.output.find("ready") != std::string::npos) {
        has_typed = true;
        seen.resize({.columns = 123, .rows = 45});
        seen.type("hello\n");
      }
      return false;
    });
    EXPECT_EQ(client.output, "ready\r\ngot hello\r\n45 123\r\n");
  });
}

TEST_F(Sessions, NonInteractiveCommandKeepsStreamsApartAndTellsTheExitCode) {
  run([](Sessions& self) -> net::Task<> {
    TestClient client(self.loop, self.port);
    const SessionTicket ticket =
        self.open("sh -c 'echo out; echo err >&2; exit 7'", Kind::non_interactive_commands, true);
    co_await client.run(ticket);
    EXPECT_EQ(client.output, "out\n");
    EXPECT_EQ(client.error_output, "err\n");
    EXPECT_EQ(client.exit_code, 7);
    EXPECT_EQ(client.closed, "");

    TestClient missing(self.loop, self.port);
    const SessionTicket missing_ticket = self.open("no-such-program", Kind::non_interactive_commands, true);
    co_await missing.run(missing_ticket);
    EXPECT_EQ(missing.error_output, "exec: \"no-such-program\": executable file not found in $PATH");
    EXPECT_EQ(missing.exit_code, 1);
    EXPECT_EQ(missing.closed,
              "\n----------ERROR-------\nError occurred starting the command: "
              "exec: \"no-such-program\": executable file not found in $PATH\n");
  });
}

TEST_F(Sessions, CommandThatCannotStartIsToldByChannelClosed) {
  run([](Sessions& self) -> net::Task<> {
    TestClient missing(self.loop, self.port);
    const SessionTicket first = self.open("no-such-program");
    co_await missing.run(first);
    EXPECT_EQ(missing.output, "");
    EXPECT_EQ(missing.closed,
              "\n----------ERROR-------\nUnable to start command: Failed to start pty: "
              "exec: \"no-such-program\": executable file not found in $PATH\n\n");

    TestClient unbalanced(self.loop, self.port);
    const SessionTicket second = self.open("echo 'open");
    co_await unbalanced.run(second);
    EXPECT_EQ(unbalanced.closed,
              "\n----------ERROR-------\nUnable to start command: Failed to parse commands input: "
              "EOF found when expecting closing quote\n\n");

    TestClient denied(self.loop, self.port);
    const SessionTicket third = self.open("/etc/passwd");
    co_await denied.run(third);
    EXPECT_EQ(denied.closed,
              "\n----------ERROR-------\nUnable to start command: Failed to start pty: "
              "fork/exec /etc/passwd: permission denied\n\n");

    TestClient comment(self.loop, self.port);
    const SessionTicket fourth = self.open("# nothing");
    co_await comment.run(fourth);
    EXPECT_EQ(comment.closed, "Commands cannot be empty for session type InteractiveCommands");
  });
}

// As the agent does it: the session is its terminal, and its end is the command's.
TEST_F(Sessions, ACommandThatLetsGoOfItsTerminalEndsWithTheSession) {
  run([](Sessions& self) -> net::Task<> {
    TestClient client(self.loop, self.port);
    const SessionTicket ticket = self.open("sh -c 'echo $$; exec sleep 1000 <&- >&- 2>&-'");
    co_await client.run(ticket);
    EXPECT_EQ(client.closed, "");
    const pid_t pid = std::atoi(client.output.c_str());
    EXPECT_GT(pid, 1);
    const bool has_ended = co_await ends(self.loop, pid);
    EXPECT_TRUE(has_ended) << "the command outlived its session";
  });
}

// SIGKILL is for the command alone; SIGHUP reaches what else has the terminal, and may be ignored.
TEST_F(Sessions, WhatIgnoresTheEndOfItsTerminalOutlivesTheSession) {
  run([](Sessions& self) -> net::Task<> {
    TestClient client(self.loop, self.port);
    const SessionTicket ticket = self.open(
        R"(sh -c 'sleep 1001 & echo $!; (trap "" HUP; exec sleep 1000) & echo $!; echo $$.; wait')");
    co_await client.run(ticket, [&self, &ticket](TestClient& seen) {
      if (seen.output.contains('.')) self.registry->terminate(ticket.session_id);
      return false;
    });
    EXPECT_EQ(client.closed, "");
    const std::vector<std::string_view> pids = split(client.output, '\n');
    EXPECT_EQ(pids.size(), 4U) << client.output;
    if (pids.size() != 4) co_return;
    const bool has_ended = co_await ends(self.loop, std::atoi(std::string(pids[2]).c_str()));
    EXPECT_TRUE(has_ended) << "the command outlived its session";
    const bool has_other_ended = co_await ends(self.loop, std::atoi(std::string(pids[0]).c_str()));
    EXPECT_TRUE(has_other_ended) << "what minds SIGHUP did not get it";
    const pid_t stubborn = std::atoi(std::string(pids[1]).c_str());
    EXPECT_GT(stubborn, 1);
    EXPECT_EQ(::kill(stubborn, SIGKILL), 0) << "what ignores SIGHUP was killed";
  });
}

TEST_F(Sessions, WrongOrMissingTokenIsCutOff) {
  SessionLimits limits;
  limits.token_timeout = milliseconds(50);
  run(
      [](Sessions& self) -> net::Task<> {
        const SessionTicket ticket = self.open("echo secret");
        SessionTicket wrong = ticket;
        wrong.token_value.back() = wrong.token_value.back() == '0' ? '1' : '0';
        TestClient intruder(self.loop, self.port);
        co_await intruder.run(wrong);
        EXPECT_EQ(intruder.output, "");
        EXPECT_TRUE(intruder.failure.has_value());

        const auto url =
            net::parse_url(fmt::format("ws://127.0.0.1:{}/v1/data-channel/{}", self.port, ticket.session_id));
        Result<net::WebSocket> silent = co_await net::WebSocket::connect(self.loop, nullptr, *url);
        const Result<net::WebSocketMessage> nothing = co_await silent->receive();
        EXPECT_FALSE(nothing);

        TestClient client(self.loop, self.port);
        co_await client.run(ticket);
        EXPECT_EQ(client.output, "secret\r\n");
      },
      limits);
}

TEST_F(Sessions, ClientComesBackAndMissesNothing) {
  run([](Sessions& self) -> net::Task<> {
    const SessionTicket ticket = self.open("seq 1 100000");
    TestClient client(self.loop, self.port);
    co_await client.run(ticket, [](TestClient& seen) { return seen.output.size() > 50'000; });
    EXPECT_FALSE(client.closed.has_value());
    const Result<SessionTicket> again = self.registry->resume(ticket.session_id);
    EXPECT_TRUE(again);
    EXPECT_NE(again->token_value, ticket.token_value);

    TestClient stale(self.loop, self.port);
    co_await stale.run(ticket);
    EXPECT_TRUE(stale.failure.has_value()) << "the old token is void";

    co_await client.run(*again);
    std::string expected;
    for (int i = 1; i <= 100'000; ++i) expected += std::to_string(i) + "\r\n";
    EXPECT_TRUE(client.output == expected) << client.output.size() << " of " << expected.size();
    EXPECT_EQ(client.closed, "");
    EXPECT_FALSE(self.registry->resume("ecs-execute-command-none"));
  });
}

TEST_F(Sessions, ThirdSessionIsRefusedUntilOneEnds) {
  run([](Sessions& self) -> net::Task<> {
    const SessionTicket first = self.open("cat");
    const SessionTicket second = self.open("cat");
    const Result<SessionTicket> third = self.try_open("echo third");
    EXPECT_FALSE(third);
    EXPECT_EQ(third.error().code, FailureCode::refused);
    EXPECT_EQ(
        third.error().what,
        "Unable to start new execute sessions because the maximum session limit of 2 has been reached.");
    EXPECT_TRUE(self.registry->terminate(first.session_id));
    EXPECT_FALSE(self.registry->terminate("ecs-execute-command-none"));
    // Its place is free once the command is dead: a client of a fourth session is served then.
    Result<SessionTicket> fourth = self.try_open("echo fourth");
    while (!fourth) {
      co_await net::sleep_for(self.loop, milliseconds(1));
      fourth = self.try_open("echo fourth");
    }
    TestClient client(self.loop, self.port);
    co_await client.run(*fourth);
    EXPECT_EQ(client.output, "fourth\r\n");
    EXPECT_TRUE(self.registry->terminate(second.session_id));
  });
}

TEST_F(Sessions, PlaceIsFreeAsSoonAsTheClientIsToldOfTheEnd) {
  run([](Sessions& self) -> net::Task<> {
    const SessionTicket first = self.open("cat");
    const SessionTicket second = self.open("echo brief");
    TestClient client(self.loop, self.port);
    co_await client.run(second);
    EXPECT_EQ(client.closed, "");
    // The session has had no chance yet to see that its client hung up.
    EXPECT_TRUE(self.try_open("echo next"));
    EXPECT_TRUE(self.registry->terminate(first.session_id));
  });
}

TEST_F(Sessions, TerminateKillsTheCommandAndClosesTheChannel) {
  run([](Sessions& self) -> net::Task<> {
    const SessionTicket ticket = self.open("sh -c 'echo $$; exec sleep 1000'");
    TestClient client(self.loop, self.port);
    co_await client.run(ticket, [&self, &ticket](TestClient& seen) {
      if (seen.output.ends_with('\n')) self.registry->terminate(ticket.session_id);
      return false;
    });
    EXPECT_EQ(client.closed, "");
    const pid_t pid = static_cast<pid_t>(std::stol(client.output));
    while (self.registry->session_for("/v1/data-channel/" + ticket.session_id))
      co_await net::sleep_for(self.loop, milliseconds(1));
    EXPECT_EQ(::kill(pid, 0), -1) << "the command has ended";
  });
}

TEST_F(Sessions, EndOfTheContainerClosesTheChannel) {
  run([](Sessions& self) -> net::Task<> {
    const SessionTicket ticket = self.open("sh -c 'echo last words; exec sleep 1000'");
    TestClient client(self.loop, self.port);
    net::TaskGroup ending(self.loop);
    co_await client.run(ticket, [&self, &ending](TestClient& seen) {
      if (seen.output.ends_with('\n')) ending.spawn(self.registry->container_ended(runtime_id));
      return false;
    });
    co_await ending.join();
    EXPECT_EQ(client.output, "last words\r\n");
    EXPECT_EQ(client.closed, "");
    const Result<SessionTicket> none = self.try_open("true");
    EXPECT_FALSE(none);
    EXPECT_EQ(none.error().code, FailureCode::not_found);
  });
}

TEST_F(Sessions, IdleSessionIsClosed) {
  SessionLimits limits;
  limits.idle_timeout = milliseconds(100);
  run(
      [](Sessions& self) -> net::Task<> {
        const SessionTicket ticket = self.open("sh -c 'echo hello; exec sleep 1000'");
        TestClient client(self.loop, self.port);
        co_await client.run(ticket);
        EXPECT_EQ(client.output, "hello\r\n");
        EXPECT_THAT(client.closed.value_or(""), HasSubstr("timed out"));
      },
      limits);
}

TEST_F(Sessions, SessionThatNobodyOpensEnds) {
  SessionLimits limits;
  limits.max_sessions_a_container = 1;
  limits.first_client_timeout = milliseconds(50);
  run(
      [](Sessions& self) -> net::Task<> {
        const SessionTicket ticket = self.open("cat");
        EXPECT_FALSE(self.try_open("cat"));
        while (self.registry->session_for("/v1/data-channel/" + ticket.session_id))
          co_await net::sleep_for(self.loop, milliseconds(1));
        EXPECT_TRUE(self.try_open("cat"));
      },
      limits);
}

TEST_F(Sessions, CharactersAreNotCut) {
  const auto border = [](std::string_view text) { return up_to_unfinished_character(as_bytes(text)); };
  EXPECT_EQ(border("abc"), 3U);
  EXPECT_EQ(border("ab\xC3\xA4"), 4U);
  EXPECT_EQ(border("ab\xC3"), 2U);
  EXPECT_EQ(border("ab\xE2\x82"), 2U);
  EXPECT_EQ(border("ab\xF0\x9F\x98"), 2U);
  EXPECT_EQ(border("ab\xF0\x9F\x98\x80"), 6U);
  // No UTF-8 at all: nothing is waited for.
  EXPECT_EQ(border("ab\xFF"), 3U);
  EXPECT_EQ(border("ab\x80\x80\x80\x80"), 6U);
  EXPECT_EQ(border(""), 0U);
}

TEST_F(Sessions, BytesThatAreNoTextPassThrough) {
  run([](Sessions& self) -> net::Task<> {
    TestClient client(self.loop, self.port);
    const SessionTicket ticket = self.open("printf 'ab\\377\\357\\277\\275\\342\\202'");
    co_await client.run(ticket);
    EXPECT_EQ(client.output, "ab\xFF\xEF\xBF\xBD\xE2\x82");
  });
}

TEST_F(Sessions, StreamIsAShell) {
  run([](Sessions& self) -> net::Task<> {
    TestClient client(self.loop, self.port);
    const SessionTicket ticket = self.open("", Kind::standard_stream);
    bool has_typed = false;
    co_await client.run(ticket, [&has_typed](TestClient& seen) {
      if (!has_typed && seen.is_ready) seen.type("expr 6 '*' 7; exit\n");
      has_typed = has_typed || seen.is_ready;
      return false;
    });
    EXPECT_THAT(client.output, HasSubstr("\r\n42\r\n"));
    EXPECT_EQ(client.closed, "");
  });
}

}  // namespace
}  // namespace ferry::local

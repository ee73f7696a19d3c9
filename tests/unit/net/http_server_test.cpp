#include "net/http_server.hpp"

#include "net/http_client.hpp"
#include "raw_client.hpp"
#include "run.hpp"

#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace ferry::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Says what it was asked.
Task<HttpAnswer> echo(HttpRequest request) {
  HttpResponse response;
  response.headers.emplace_back("X-Method", request.method);
  response.headers.emplace_back("X-Target", request.target);
  response.headers.emplace_back("X-Kept", std::string(find_header(request.headers, "x-Kept")));
  response.body = std::move(request.body);
  co_return response;
}

using Body = std::function<Task<>(Loop&, HttpServer&)>;

// A server with `handler` on a free port while `body` runs.
void with_server(HttpHandler handler, HttpServerLimits limits, Body body) {
  run([&](Loop& loop) -> Task<> {
    Result<std::unique_ptr<HttpServer>> server = HttpServer::listen(loop, "127.0.0.1", 0, limits);
    EXPECT_TRUE(server.has_value());
    TaskGroup group(loop);
    group.spawn((*server)->serve(handler));
    co_await body(loop, **server);
    (*server)->stop();
    co_await group.join();
  });
}

TEST(HttpServerTest, WhatIsRefusedByItsHeadIsAnsweredBeforeItsBodyHasCome) {
  run([](Loop& loop) -> Task<> {
    Result<std::unique_ptr<HttpServer>> server = HttpServer::listen(loop, "127.0.0.1", 0);
    EXPECT_TRUE(server.has_value());
    TaskGroup group(loop);
    group.spawn((*server)->serve(echo, [](const HttpRequest& head) -> std::optional<HttpResponse> {
      if (head.target != "/closed") return std::nullopt;
      return HttpResponse{.status = 403, .headers = {}, .body = "not here"};
    }));
    const std::string refused = co_await raw_exchange(
        loop, (*server)->port(), "POST /closed HTTP/1.1\r\nHost: x\r\nContent-Length: 15000000\r\n\r\n");
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 403"));
    EXPECT_THAT(refused, EndsWith("not here"));
    const std::string taken = co_await raw_exchange(
        loop, (*server)->port(),
        "POST /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_THAT(taken, EndsWith("hi"));
    (*server)->stop();
    co_await group.join();
  });
}

TEST(HttpServerTest, ANewcomerTakesThePlaceOfTheStrangerOfLongestStanding) {
  HttpServerLimits limits;
  limits.max_connections = 4;
  with_server(echo, limits, [](Loop& loop, HttpServer& server) -> Task<> {
    std::vector<std::unique_ptr<Connection>> silent;
    for (int count = 0; count < 4; ++count) {
      silent.push_back(co_await raw_connection(loop, server.port()));
      co_await silent.back()->write("POST / HTTP/1.1\r\nHost: x\r\nContent-Le");
    }
    const std::string answer =
        co_await raw_exchange(loop, server.port(), "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
    const std::string end = co_await read_until(*silent.front(), "");
    EXPECT_EQ(end, "") << "the first one was given up";
  });
}

TEST(HttpServerTest, BodiesOfStrangersTogetherHaveALimit) {
  HttpServerLimits limits;
  limits.max_buffered_bytes = 100'000;
  with_server(echo, limits, [](Loop& loop, HttpServer& server) -> Task<> {
    const std::unique_ptr<Connection> large = co_await raw_connection(loop, server.port());
    co_await large->write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" +
                          std::string(150'000, 'x'));
    const std::string end = co_await read_until(*large, "");
    EXPECT_EQ(end, "");
    const std::string answer = co_await raw_exchange(
        loop, server.port(),
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 50000\r\n\r\n" +
            std::string(50'000, 'y'));
    EXPECT_THAT(answer, EndsWith("yyyy"));
  });
}

TEST(HttpServerTest, AnswersItsClient) {
  with_server(echo, {}, [](Loop& loop, HttpServer& server) -> Task<> {
    HttpClient client(loop, nullptr);
    HttpRequest request{
        .method = "POST", .target = "/a?b=c", .headers = {{"X-Kept", "as it is"}}, .body = "hello"};
    const Result<HttpResponse> response = co_await client.send(loopback_url("http", server.port()), request);
    EXPECT_TRUE(response.has_value());
    if (!response) co_return;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
    EXPECT_EQ(find_header(response->headers, "x-method"), "POST");
    EXPECT_EQ(find_header(response->headers, "x-target"), "/a?b=c");
    EXPECT_EQ(find_header(response->headers, "x-kept"), "as it is");
    EXPECT_EQ(count_headers(response->headers, "date"), 1U);
  });
}

TEST(HttpServerTest, CarriesLargeBodiesBothWays) {
  with_server(echo, {}, [](Loop& loop, HttpServer& server) -> Task<> {
    HttpClient client(loop, nullptr);
    HttpRequest request{.method = "PUT", .target = "/", .headers = {}, .body = std::string(8'000'000, 'b')};
    request.body += "end";
    const Result<HttpResponse> response = co_await client.send(loopback_url("http", server.port()), request);
    EXPECT_TRUE(response.has_value());
    EXPECT_TRUE(response && response->body == request.body);
  });
}

TEST(HttpServerTest, RefusesWhatIsMalformed) {
  with_server(echo, {}, [](Loop& loop, HttpServer& server) -> Task<> {
    const std::vector<std::string> malformed = {
        "hello\r\n\r\n",
        "GET / HTTP/3.0\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    for (const std::string& bytes : malformed) {
      const std::string answer = co_await raw_exchange(loop, server.port(), bytes);
      EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << bytes;
      EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << bytes;
    }
  });
}

TEST(HttpServerTest, RefusesWhatIsTooLargeAlsoWhenItIsStillComing) {
  HttpServerLimits limits;
  limits.max_body_bytes = 1000;
  with_server(echo, limits, [](Loop& loop, HttpServer& server) -> Task<> {
    const std::string header = "GET / HTTP/1.1\r\nX-Long: " + std::string(100'000, 'x') + "\r\n\r\n";
    const std::string first = co_await raw_exchange(loop, server.port(), header);
    EXPECT_THAT(first, StartsWith("HTTP/1.1 431 "));

    const std::string body =
        "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x');
    const std::string second = co_await raw_exchange(loop, server.port(), body);
    EXPECT_THAT(second, StartsWith("HTTP/1.1 413 "));

    std::string chunks = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 5; ++i) chunks += "fa\r\n" + std::string(250, 'x') + "\r\n";
    const std::string third = co_await raw_exchange(loop, server.port(), chunks + "0\r\n\r\n");
    EXPECT_THAT(third, StartsWith("HTTP/1.1 413 "));
  });
}

TEST(HttpServerTest, ServesPipelinedRequestsInOrderAndChunkedBodies) {
  with_server(echo, {}, [](Loop& loop, HttpServer& server) -> Task<> {
    const std::string answer = co_await raw_exchange(
        loop, server.port(),
        "POST /1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n1\r\n5\r\n0\r\n\r\n"
        "GET /2 HTTP/1.1\r\n\r\n"
        "GET /3 HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("four5HTTP/1.1 200 OK"));
    EXPECT_THAT(answer, HasSubstr("X-Target: /2"));
    EXPECT_LT(answer.find("X-Target: /2"), answer.find("X-Target: /3"));
  });
}

TEST(HttpServerTest, TakesARequestByteByByte) {
  with_server(echo, {}, [](Loop& loop, HttpServer& server) -> Task<> {
    const std::unique_ptr<Connection> connection = co_await raw_connection(loop, server.port());
    for (const char c : std::string("POST /x HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")) {
      co_await connection->write(std::string(1, c));
      co_await sleep_for(loop, milliseconds{0});
    }
    const std::string answer = co_await read_until(*connection, "");
    EXPECT_THAT(answer, EndsWith("\r\n\r\nabc"));
  });
}

TEST(HttpServerTest, SaysContinueToThoseWhoWaitForIt) {
  with_server(echo, {}, [](Loop& loop, HttpServer& server) -> Task<> {
    const std::unique_ptr<Connection> connection = co_await raw_connection(loop, server.port());
    co_await connection->write(
        "POST / HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
    const std::string interim = co_await read_until(*connection, "\r\n\r\n");
    EXPECT_EQ(interim, "HTTP/1.1 100 Continue\r\n\r\n");
    co_await connection->write("body");
    const std::string answer = co_await read_until(*connection, "");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nbody"));
  });
}

TEST(HttpServerTest, ClosesIdleAndUnfinishedConnections) {
  HttpServerLimits limits;
  limits.idle_timeout = milliseconds{20};
  limits.request_timeout = milliseconds{20};
  with_server(echo, limits, [](Loop& loop, HttpServer& server) -> Task<> {
    const std::string silent = co_await raw_exchange(loop, server.port(), "");
    EXPECT_EQ(silent, "");
    const std::string unfinished = co_await raw_exchange(loop, server.port(), "GET / HT");
    EXPECT_EQ(unfinished, "");
    const std::string answered = co_await raw_exchange(loop, server.port(), "GET / HTTP/1.1\r\n\r\n");
    EXPECT_THAT(answered, StartsWith("HTTP/1.1 200 "));
  });
}

TEST(HttpServerTest, MakesConnectionsBeyondTheLimitWait) {
  HttpServerLimits limits;
  limits.max_connections = 1;
  with_server(echo, limits, [](Loop& loop, HttpServer& server) -> Task<> {
    std::unique_ptr<Connection> first = co_await raw_connection(loop, server.port());
    co_await first->write("GET / HTTP/1.1\r\n\r\n");
    co_await read_until(*first, "\r\n\r\n");
    TaskGroup group(loop);
    std::string answer;
    group.spawn([](Loop& loop, std::uint16_t port, std::string& answer) -> Task<> {
      answer = co_await raw_exchange(loop, port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    }(loop, server.port(), answer));
    co_await sleep_for(loop, milliseconds{20});
    EXPECT_EQ(answer, "");
    first->close();
    co_await group.join();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  });
}

TEST(HttpServerTest, StopEndsHandlersAndIdleConnections) {
  int entered = 0;
  int left = 0;
  Loop* running = nullptr;
  const HttpHandler slow = [&](HttpRequest) -> Task<HttpAnswer> {
    struct Guard {
      int& count;
      ~Guard() { ++count; }
    };
    ++entered;
    const Guard guard{left};
    co_await sleep_for(*running, seconds{3600});
    co_return HttpResponse{};
  };
  with_server(slow, {}, [&](Loop& loop, HttpServer& server) -> Task<> {
    running = &loop;
    const std::unique_ptr<Connection> idle = co_await raw_connection(loop, server.port());
    const std::unique_ptr<Connection> busy = co_await raw_connection(loop, server.port());
    co_await busy->write("GET / HTTP/1.1\r\n\r\n");
    while (entered == 0) co_await sleep_for(loop, milliseconds{1});
    server.stop();
    const std::string nothing = co_await read_until(*busy, "");
    EXPECT_EQ(nothing, "");
    const std::string silence = co_await read_until(*idle, "");
    EXPECT_EQ(silence, "");
  });
  EXPECT_EQ(entered, 1);
  EXPECT_EQ(left, 1);
}

TEST(HttpServerTest, SurvivesAClientThatLeavesDuringTheHandler) {
  Loop* running = nullptr;
  int ended = 0;
  const HttpHandler slow = [&](HttpRequest) -> Task<HttpAnswer> {
    co_await sleep_for(*running, milliseconds{20});
    ++ended;
    co_return HttpResponse{.status = 200, .headers = {}, .body = std::string(1'000'000, 'x')};
  };
  with_server(slow, {}, [&](Loop& loop, HttpServer& server) -> Task<> {
    running = &loop;
    {
      const std::unique_ptr<Connection> connection = co_await raw_connection(loop, server.port());
      co_await connection->write("GET / HTTP/1.1\r\n\r\n");
      co_await sleep_for(loop, milliseconds{5});
    }
    while (ended == 0) co_await sleep_for(loop, milliseconds{1});
    HttpClient client(loop, nullptr);
    const Result<HttpResponse> next = co_await client.send(loopback_url("http", server.port()), {});
    EXPECT_TRUE(next.has_value());
  });
}

TEST(HttpServerTest, NeverLetsAHeaderBecomeTwo) {
  const HttpHandler split = [](HttpRequest) -> Task<HttpAnswer> {
    co_return HttpResponse{.status = 200, .headers = {{"X-Id", "1\r\nX-Admin: yes"}}, .body = {}};
  };
  with_server(split, {}, [](Loop& loop, HttpServer& server) -> Task<> {
    const std::string answer =
        co_await raw_exchange(loop, server.port(), "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
    EXPECT_EQ(answer.find("X-Admin"), std::string::npos);
  });
}

TEST(HttpServerTest, ListensOnlyWhereItCan) {
  run([](Loop& loop) -> Task<> {
    const auto first = HttpServer::listen(loop, "127.0.0.1", 0);
    EXPECT_TRUE(first.has_value());
    const auto second = HttpServer::listen(loop, "127.0.0.1", (*first)->port());
    EXPECT_FALSE(second.has_value());
    if (!second) {
      EXPECT_EQ(second.error().what,
                fmt::format("cannot listen on 127.0.0.1 port {}: Address already in use", (*first)->port()));
    }
    const auto name = HttpServer::listen(loop, "no address", 0);
    EXPECT_FALSE(name.has_value());
    if (!name) EXPECT_EQ(name.error().code, FailureCode::usage);
    co_return;
  });
}

TEST(HttpServerTest, NoSocketIsInherited) {
  with_server(echo, {}, [](Loop& loop, HttpServer& server) -> Task<> {
    HttpClient client(loop, nullptr);
    const Result<HttpResponse> response = co_await client.send(loopback_url("http", server.port()), {});
    EXPECT_TRUE(response.has_value());
    int sockets = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
      if (!target.starts_with("socket:")) continue;
      ++sockets;
      EXPECT_NE(::fcntl(std::stoi(entry.path().filename().string()), F_GETFD) & FD_CLOEXEC, 0)
          << entry.path();
    }
    EXPECT_GE(sockets, 3) << "the listener and both ends of a kept connection";
  });
}

}  // namespace
}  // namespace ferry::net

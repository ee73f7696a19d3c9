#include "net/http_client.hpp"

#include "raw_client.hpp"
#include "run.hpp"
#include "scripted_server.hpp"

#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>

namespace ferry::net {
namespace {

using testing::HasSubstr;

// Answers each request on a connection with the same bytes.
ScriptedServer::Script answering(const std::string& answer) {
  return [answer](std::unique_ptr<Connection> connection, int) -> Task<> {
    while (true) {
      const std::string request = co_await read_until(*connection, "\r\n\r\n");
      if (request.empty()) co_return;
      co_await connection->write(answer);
    }
  };
}

void expect_failure(const Result<HttpResponse>& answer, FailureCode code, const std::string& text) {
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, code);
  EXPECT_THAT(answer.error().what, HasSubstr(text));
}

TEST(HttpClientTest, KeepsAConnectionForTheNextRequest) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop, answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    HttpClient client(loop, nullptr);
    for (int i = 0; i < 3; ++i) {
      const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
      EXPECT_TRUE(answer.has_value());
      EXPECT_EQ(answer.value_or(HttpResponse{}).body, "ok");
    }
    EXPECT_EQ(server.connections(), 1);
    co_await server.stop();
  });
}

TEST(HttpClientTest, DoesNotKeepAConnectionThatTheServerWillClose) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop,
                          answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
    HttpClient client(loop, nullptr);
    for (int i = 0; i < 2; ++i) {
      const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
      EXPECT_TRUE(answer.has_value());
    }
    EXPECT_EQ(server.connections(), 2);
    co_await server.stop();
  });
}

TEST(HttpClientTest, ReadsBodiesOfEveryKind) {
  run([](Loop& loop) -> Task<> {
    struct Case {
      std::string bytes, body;
      int status;
    };
    const std::vector<Case> cases = {
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", "abcde",
         200},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx", "x", 201},
        {"HTTP/1.1 204 No Content\r\n\r\n", "", 204},
        {"HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\noops", "oops", 400},
    };
    for (const Case& expected : cases) {
      ScriptedServer server(loop, answering(expected.bytes));
      HttpClient client(loop, nullptr);
      const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
      EXPECT_TRUE(answer.has_value()) << expected.bytes;
      EXPECT_EQ(answer.value_or(HttpResponse{}).body, expected.body);
      EXPECT_EQ(answer.value_or(HttpResponse{}).status, expected.status);
      co_await server.stop();
    }
  });
}

TEST(HttpClientTest, ABodyWithoutALengthEndsWithTheConnection) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop, [](std::unique_ptr<Connection> connection, int) -> Task<> {
      co_await read_until(*connection, "\r\n\r\n");
      co_await connection->write("HTTP/1.0 200 OK\r\n\r\nto the end");
    });
    HttpClient client(loop, nullptr);
    const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
    EXPECT_EQ(answer.value_or(HttpResponse{}).body, "to the end");
    co_await server.stop();
  });
}

TEST(HttpClientTest, SendsHostAndLength) {
  run([](Loop& loop) -> Task<> {
    std::string seen;
    ScriptedServer server(loop, [&seen](std::unique_ptr<Connection> connection, int) -> Task<> {
      seen = co_await read_until(*connection, "hello");
      co_await connection->write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    HttpClient client(loop, nullptr);
    HttpRequest request{.method = "POST", .target = "/x", .headers = {{"X-A", "b"}}, .body = "hello"};
    co_await client.send(loopback_url("http", server.port()), request);
    EXPECT_EQ(seen, "POST /x HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                        "\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello");
    co_await server.stop();
  });
}

// Answers one request, then closes as soon as the next one has come.
Task<> answer_one_then_close(std::unique_ptr<Connection> connection, int) {
  co_await read_until(*connection, "\r\n\r\n");
  co_await connection->write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  co_await read_until(*connection, "\r\n\r\n");
}

HttpRequest repeatable() {
  HttpRequest request;
  request.is_repeatable = true;
  return request;
}

TEST(HttpClientTest, ReplacesAStaleConnectionOnce) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop, answer_one_then_close);
    HttpClient client(loop, nullptr);
    for (int i = 0; i < 3; ++i) {
      const Result<HttpResponse> answer =
          co_await client.send(loopback_url("http", server.port()), repeatable());
      EXPECT_TRUE(answer.has_value());
    }
    EXPECT_EQ(server.connections(), 3);
    co_await server.stop();
  });
}

TEST(HttpClientTest, NeverSendsAgainWhatMayHaveBeenTaken) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop, answer_one_then_close);
    HttpClient client(loop, nullptr);
    const Result<HttpResponse> first = co_await client.send(loopback_url("http", server.port()), {});
    EXPECT_TRUE(first.has_value());
    const Result<HttpResponse> second = co_await client.send(loopback_url("http", server.port()), {});
    expect_failure(second, FailureCode::lost, "before the answer was complete");
    EXPECT_EQ(server.connections(), 1);
    co_await server.stop();
  });
}

TEST(HttpClientTest, NeverSendsAgainOnceAnAnswerHasBegun) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop, [](std::unique_ptr<Connection> connection, int) -> Task<> {
      co_await read_until(*connection, "\r\n\r\n");
      co_await connection->write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      co_await read_until(*connection, "\r\n\r\n");
      co_await connection->write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    });
    HttpClient client(loop, nullptr);
    const Result<HttpResponse> first = co_await client.send(loopback_url("http", server.port()), {});
    EXPECT_TRUE(first.has_value());
    const Result<HttpResponse> second = co_await client.send(loopback_url("http", server.port()), {});
    expect_failure(second, FailureCode::lost, "before the answer was complete");
    EXPECT_EQ(server.connections(), 1);
    co_await server.stop();
  });
}

TEST(HttpClientTest, AFreshConnectionThatClosesIsLost) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop, [](std::unique_ptr<Connection> connection, int) -> Task<> {
      co_await read_until(*connection, "\r\n\r\n");
    });
    HttpClient client(loop, nullptr);
    const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
    expect_failure(answer, FailureCode::lost, "127.0.0.1");
    EXPECT_EQ(server.connections(), 1);
    co_await server.stop();
  });
}

// Sends `head` once and then `piece` without an end.
ScriptedServer::Script never_ending(Loop& loop, const std::string& head, const std::string& piece,
                                    milliseconds pause = {}) {
  return [&loop, head, piece, pause](std::unique_ptr<Connection> connection, int) -> Task<> {
    co_await read_until(*connection, "\r\n\r\n");
    error_code error = co_await connection->write(head);
    while (!error) {
      if (pause > milliseconds(0)) co_await sleep_for(loop, pause);
      error = co_await connection->write(piece);
    }
  };
}

TEST(HttpClientTest, AnAnswerThatNeverEndsIsAFailure) {
  run([](Loop& loop) -> Task<> {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
    const std::string line(1000, 'x');
    struct Case {
      std::string head, piece;
    };
    const std::vector<Case> cases{{"", "HTTP/1.1 100 Continue\r\n\r\n"},
                                  {"", "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"},
                                  {ok, "X-More: more\r\n"},
                                  {ok + "X-Long: ", line},
                                  {"HTTP/1.1 200 ", line},
                                  {chunked + "2;x=", line},
                                  {chunked + "0\r\n", "X-More: more\r\n"},
                                  {chunked + "0\r\nX-Long: ", line},
                                  {chunked, "a\r\n0123456789\r\n"},
                                  {ok + "\r\n", line}};
    for (const Case& one : cases) {
      ScriptedServer server(loop, never_ending(loop, one.head, one.piece));
      HttpClientLimits limits;
      limits.max_answer_bytes = 1U << 20U;
      HttpClient client(loop, nullptr, limits);
      const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
      EXPECT_FALSE(answer.has_value()) << one.head << one.piece;
      if (!answer) EXPECT_EQ(answer.error().code, FailureCode::protocol) << answer.error().what;
      co_await server.stop();
    }
  });
}

TEST(HttpClientTest, ADrippingAnswerIsGivenUpInTime) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(
        loop, never_ending(loop, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "x", milliseconds(5)));
    HttpClientLimits limits;
    limits.answer_timeout = milliseconds{100};
    HttpClient client(loop, nullptr, limits);
    const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
    expect_failure(answer, FailureCode::timed_out, "no answer within 100 ms");
    co_await server.stop();
  });
}

TEST(HttpClientTest, AFewInterimAnswersAreFine) {
  run([](Loop& loop) -> Task<> {
    std::string bytes;
    for (int count = 0; count < 100; ++count) bytes += "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n";
    ScriptedServer server(loop, answering(bytes + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    HttpClient client(loop, nullptr);
    const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
    EXPECT_EQ(answer.value_or(HttpResponse{}).body, "ok");
    co_await server.stop();
  });
}

TEST(HttpClientTest, RefusesWhatIsNotHttpOrTooLarge) {
  run([](Loop& loop) -> Task<> {
    HttpClientLimits limits;
    limits.max_answer_bytes = 100;
    HttpClient client(loop, nullptr, limits);
    ScriptedServer other(loop, answering("SSH-2.0-OpenSSH\r\n\r\n"));
    const Result<HttpResponse> foreign = co_await client.send(loopback_url("http", other.port()), {});
    expect_failure(foreign, FailureCode::protocol, "not HTTP/1.1");
    ScriptedServer large(loop, answering("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n"));
    const Result<HttpResponse> refused = co_await client.send(loopback_url("http", large.port()), {});
    expect_failure(refused, FailureCode::protocol, "larger than 100 bytes");
    co_await other.stop();
    co_await large.stop();
  });
}

TEST(HttpClientTest, GivesUpOnSilence) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop, [](std::unique_ptr<Connection> connection, int) -> Task<> {
      co_await read_until(*connection, "");
    });
    HttpClientLimits limits;
    limits.answer_timeout = milliseconds{30};
    HttpClient client(loop, nullptr, limits);
    const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
    expect_failure(answer, FailureCode::timed_out, "no answer within 30 ms");
    EXPECT_EQ(server.connections(), 1);
    co_await server.stop();
  });
}

HttpClientLimits impatient() {
  HttpClientLimits limits;
  limits.answer_timeout = milliseconds{50};
  return limits;
}

TEST(HttpClientTest, GivesUpOnAnAnswerThatDripsForEver) {
  run([](Loop& loop) -> Task<> {
    for (const char* beginning :
         {"", "HTTP/1.1 200 OK\r\nX-A: ", "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"}) {
      ScriptedServer server(loop, [&](std::unique_ptr<Connection> connection, int) -> Task<> {
        error_code error = co_await connection->write(beginning);
        while (!error) {
          co_await sleep_for(loop, milliseconds{1});
          error = co_await connection->write("H");
        }
      });
      HttpClient client(loop, nullptr, impatient());
      const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
      EXPECT_FALSE(answer.has_value());
      if (!answer && *beginning != '\0')
        EXPECT_EQ(answer.error().code, FailureCode::timed_out) << answer.error().what;
      co_await server.stop();
    }
  });
}

TEST(HttpClientTest, GivesUpOnAServerThatStopsReading) {
  run([](Loop& loop) -> Task<> {
    // Nobody accepts: the system takes what its buffers hold.
    asio::ip::tcp::acceptor silent(loop.reactor().context, {asio::ip::address_v4::loopback(), 0});
    HttpClient client(loop, nullptr, impatient());
    HttpRequest request;
    request.method = "POST";
    request.body = std::string(std::size_t{64} << 20U, 'x');
    const Result<HttpResponse> answer =
        co_await client.send(loopback_url("http", silent.local_endpoint().port()), request);
    expect_failure(answer, FailureCode::timed_out, "the request was not taken within 50 ms");
  });
}

// Answers a request on each connection and then says nothing and does not close it.
Task<> answer_once(std::unique_ptr<Connection> connection, int) {
  co_await read_until(*connection, "\r\n\r\n");
  co_await connection->write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  co_await read_until(*connection, "");
}

TEST(HttpClientTest, WhatMustNotBeSentTwiceGetsAConnectionThatWasJustInUse) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop, answer_once);
    HttpClientLimits limits;
    limits.longest_idle = milliseconds{0};
    HttpClient client(loop, nullptr, limits);
    for (int i = 1; i <= 3; ++i) {
      const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
      EXPECT_TRUE(answer.has_value());
      EXPECT_EQ(server.connections(), i);
      co_await sleep_for(loop, milliseconds{2});
    }
    co_await server.stop();
  });
}

TEST(HttpClientTest, AConnectionThatTheServerHasClosedIsNotUsed) {
  run([](Loop& loop) -> Task<> {
    Event has_closed(loop);
    ScriptedServer server(loop, [&](std::unique_ptr<Connection> connection, int) -> Task<> {
      co_await read_until(*connection, "\r\n\r\n");
      co_await connection->write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      connection.reset();
      has_closed.set();
    });
    HttpClient client(loop, nullptr);
    for (int i = 1; i <= 2; ++i) {
      has_closed.reset();
      const Result<HttpResponse> answer = co_await client.send(loopback_url("http", server.port()), {});
      EXPECT_TRUE(answer.has_value()) << "not repeatable, and yet";
      co_await has_closed.wait();
    }
    co_await server.stop();
  });
}

TEST(HttpClientTest, SaysWhyThereIsNoConnection) {
  run([](Loop& loop) -> Task<> {
    std::uint16_t free_port = 0;
    {
      asio::ip::tcp::acceptor taken(loop.reactor().context, {asio::ip::address_v4::loopback(), 0});
      free_port = taken.local_endpoint().port();
    }
    HttpClient client(loop, nullptr);
    const Result<HttpResponse> answer = co_await client.send(loopback_url("http", free_port), {});
    expect_failure(
        answer, FailureCode::unreachable,
        "cannot connect to http://127.0.0.1:" + std::to_string(free_port) + ": Connection refused");
  });
}

TEST(HttpClientTest, FindsLocalhostWithoutANameService) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop, answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    HttpClient client(loop, nullptr);
    Url url = loopback_url("http", server.port());
    url.host = "localhost";
    const Result<HttpResponse> answer = co_await client.send(url, {});
    EXPECT_TRUE(answer.has_value());
    co_await server.stop();
  });
}

TEST(HttpClientTest, RefusesToSendAHeaderThatWouldBecomeTwo) {
  run([](Loop& loop) -> Task<> {
    HttpClient client(loop, nullptr);
    HttpRequest request;
    request.headers.emplace_back("X-A", "1\r\nX-B: 2");
    const Result<HttpResponse> answer = co_await client.send(loopback_url("http", 1), request);
    expect_failure(answer, FailureCode::usage, "X-A");
  });
}

TEST(HttpClientTest, CancellationEndsARequest) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop, [](std::unique_ptr<Connection> connection, int) -> Task<> {
      co_await read_until(*connection, "");
    });
    HttpClient client(loop, nullptr);
    TaskGroup group(loop);
    group.spawn([](HttpClient& client, std::uint16_t port) -> Task<> {
      co_await client.send(loopback_url("http", port), {});
      ADD_FAILURE() << "there was no answer";
    }(client, server.port()));
    while (server.connections() == 0) co_await sleep_for(loop, milliseconds{1});
    co_await sleep_for(loop, milliseconds{5});
    group.cancel();
    co_await group.join();
    co_await server.stop();
  });
}

}  // namespace
}  // namespace ferry::net

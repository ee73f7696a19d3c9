#include "net/websocket.hpp"

#include "net/http_server.hpp"
#include "raw_client.hpp"
#include "run.hpp"
#include "scripted_server.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

WebSocketMessage binary(std::string_view text) {
  return WebSocketMessage{.is_text = false, .payload = to_bytes(text)};
}

std::string text_of(const Result<WebSocketMessage>& message) {
  return message ? std::string(as_text(message->payload)) : "failure: " + message.error().what;
}

// Sends back what comes.
Task<> echo_session(WebSocket websocket) {
  while (true) {
    Result<WebSocketMessage> message = co_await websocket.receive();
    if (!message) co_return;
    const Result<> sent = co_await websocket.send(std::move(*message));
    if (!sent) co_return;
  }
}

using Body = std::function<Task<>(Loop&, std::uint16_t)>;

// A server whose websockets are served by `session`, on a free port while `body` runs.
void with_websocket_server(WebSocketSession session, Body body) {
  run([&](Loop& loop) -> Task<> {
    Result<std::unique_ptr<HttpServer>> server = HttpServer::listen(loop, "127.0.0.1", 0);
    EXPECT_TRUE(server.has_value());
    const HttpHandler handler = [&session](HttpRequest request) -> Task<HttpAnswer> {
      if (request.target == "/denied") co_return HttpResponse{.status = 403, .headers = {}, .body = {}};
      if (request.target == "/missing") co_return HttpResponse{.status = 404, .headers = {}, .body = {}};
      co_return session;
    };
    TaskGroup group(loop);
    group.spawn((*server)->serve(handler));
    co_await body(loop, (*server)->port());
    (*server)->stop();
    co_await group.join();
  });
}

Task<WebSocket> connected(Loop& loop, std::uint16_t port) {
  Result<WebSocket> websocket =
      co_await WebSocket::connect(loop, nullptr, loopback_url("ws", port, "/s?a=b"));
  EXPECT_TRUE(websocket.has_value());
  co_return std::move(*websocket);
}

TEST(WebSocketTest, CarriesTextAndBinaryOfManySizes) {
  with_websocket_server(echo_session, [](Loop& loop, std::uint16_t port) -> Task<> {
    WebSocket websocket = co_await connected(loop, port);
    for (const std::size_t size : {0U, 1U, 125U, 126U, 4096U, 4097U, 65535U, 65536U, 1048576U}) {
      WebSocketMessage message{.is_text = size % 2 == 1, .payload = Bytes(size, 'm')};
      const Result<> sent = co_await websocket.send(message);
      EXPECT_TRUE(sent.has_value());
      const Result<WebSocketMessage> back = co_await websocket.receive();
      EXPECT_TRUE(back.has_value()) << size;
      if (!back) co_return;
      EXPECT_EQ(back->is_text, message.is_text);
      EXPECT_TRUE(back->payload == message.payload) << size;
    }
  });
}

TEST(WebSocketTest, SendsFromSeveralCoroutinesLeaveWholeAndInOrder) {
  with_websocket_server(echo_session, [](Loop& loop, std::uint16_t port) -> Task<> {
    WebSocket websocket = co_await connected(loop, port);
    TaskGroup group(loop);
    for (int i = 0; i < 26; ++i) {
      group.spawn([](WebSocket& websocket, int number) -> Task<> {
        const Result<> sent = co_await websocket.send(WebSocketMessage{
            .is_text = false, .payload = Bytes(50'000, static_cast<std::uint8_t>('a' + number))});
        EXPECT_TRUE(sent.has_value());
        const Result<> pinged = co_await websocket.ping("keepalive");
        EXPECT_TRUE(pinged.has_value());
      }(websocket, i));
    }
    for (int i = 0; i < 26; ++i) {
      const Result<WebSocketMessage> back = co_await websocket.receive();
      EXPECT_TRUE(back.has_value());
      if (!back) break;
      EXPECT_TRUE(back->payload == Bytes(50'000, static_cast<std::uint8_t>('a' + i))) << i;
    }
    co_await group.join();
  });
}

constexpr const char* kUpgrade =
    "GET /s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

// A client's frame with a mask of zeros (RFC 6455 section 5.2).
std::string frame(std::uint8_t first_byte, std::string_view payload) {
  std::string bytes(1, static_cast<char>(first_byte));
  if (payload.size() < 126) {
    bytes += static_cast<char>(0x80U | payload.size());
  } else {
    bytes += static_cast<char>(0xFE);
    bytes += static_cast<char>(payload.size() >> 8U);
    bytes += static_cast<char>(payload.size() & 0xFFU);
  }
  bytes.append(4, '\0');
  return bytes.append(payload);
}

TEST(WebSocketTest, PutsFragmentsTogetherAndAnswersPingsBetweenThem) {
  with_websocket_server(echo_session, [](Loop& loop, std::uint16_t port) -> Task<> {
    const std::unique_ptr<Connection> connection = co_await raw_connection(loop, port);
    co_await connection->write(kUpgrade);
    const std::string answer = co_await read_until(*connection, "\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 "));
    EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));

    co_await connection->write(frame(0x02, std::string(4096, 'a')));
    co_await connection->write(frame(0x89, "keepalive"));
    const std::string pong = co_await read_until(*connection, "keepalive");
    EXPECT_EQ(pong, "\x8A\x09keepalive");
    co_await connection->write(frame(0x00, std::string(4096, 'b')));
    co_await connection->write(frame(0x80, "end"));
    const std::string message = co_await read_until(*connection, "end");
    const std::string header("\x82\x7E\x20\x03", 4);  // one frame of 8195 bytes
    EXPECT_EQ(message, header + std::string(4096, 'a') + std::string(4096, 'b') + "end");
  });
}

TEST(WebSocketTest, APeersCloseFrameIsLost) {
  Result<WebSocketMessage> seen = fail(FailureCode::usage, "nothing yet");
  const WebSocketSession session = [&seen](WebSocket websocket) -> Task<> {
    seen = co_await websocket.receive();
  };
  with_websocket_server(session, [&seen](Loop& loop, std::uint16_t port) -> Task<> {
    const std::unique_ptr<Connection> connection = co_await raw_connection(loop, port);
    co_await connection->write(kUpgrade);
    co_await read_until(*connection, "\r\n\r\n");
    co_await connection->write(frame(0x88, "\x03\xE9"));
    co_await read_until(*connection, "");
    EXPECT_FALSE(seen.has_value());
    EXPECT_EQ(seen.error().code, FailureCode::lost);
    EXPECT_THAT(seen.error().what, HasSubstr("1001"));
  });
}

TEST(WebSocketTest, RefusesMessagesOverTheLimit) {
  Result<WebSocketMessage> seen = fail(FailureCode::usage, "nothing yet");
  const WebSocketSession session = [&seen](WebSocket websocket) -> Task<> {
    seen = co_await websocket.receive();
  };
  with_websocket_server(session, [&seen](Loop& loop, std::uint16_t port) -> Task<> {
    WebSocketLimits limits;
    limits.max_message_bytes = (1U << 20U) + 1;
    Result<WebSocket> websocket =
        co_await WebSocket::connect(loop, nullptr, loopback_url("ws", port), limits);
    EXPECT_TRUE(websocket.has_value());
    if (!websocket) co_return;
    const Result<> over = co_await websocket->send(binary(std::string((1U << 20U) + 2, 'x')));
    EXPECT_FALSE(over.has_value());
    const Result<> ping = co_await websocket->ping(std::string(126, 'x'));
    EXPECT_FALSE(ping.has_value());
    co_await websocket->send(binary(std::string((1U << 20U) + 1, 'x')));
    const Result<WebSocketMessage> nothing = co_await websocket->receive();
    EXPECT_FALSE(nothing.has_value());
    EXPECT_FALSE(seen.has_value());
    EXPECT_EQ(seen.error().code, FailureCode::lost);
  });
}

TEST(WebSocketTest, CloseEndsWhatWaitsOnBothSides) {
  bool has_server_ended = false;
  const WebSocketSession session = [&](WebSocket websocket) -> Task<> {
    const Result<WebSocketMessage> message = co_await websocket.receive();
    EXPECT_FALSE(message.has_value());
    has_server_ended = true;
  };
  with_websocket_server(session, [&](Loop& loop, std::uint16_t port) -> Task<> {
    WebSocket websocket = co_await connected(loop, port);
    TaskGroup group(loop);
    group.spawn([](WebSocket& websocket) -> Task<> {
      const Result<WebSocketMessage> message = co_await websocket.receive();
      EXPECT_FALSE(message.has_value());
      if (!message) EXPECT_EQ(message.error().code, FailureCode::lost);
    }(websocket));
    co_await sleep_for(loop, milliseconds{5});
    websocket.close();
    websocket.close();
    co_await group.join();
    const Result<> sent = co_await websocket.send(binary("late"));
    EXPECT_FALSE(sent.has_value());
    if (!sent) EXPECT_EQ(sent.error().code, FailureCode::lost);
    const Result<WebSocketMessage> received = co_await websocket.receive();
    EXPECT_FALSE(received.has_value());
    while (!has_server_ended) co_await sleep_for(loop, milliseconds{1});
  });
}

TEST(WebSocketTest, ACancelledReceiveLosesNoMessage) {
  with_websocket_server(echo_session, [](Loop& loop, std::uint16_t port) -> Task<> {
    WebSocket websocket = co_await connected(loop, port);
    TaskGroup group(loop);
    group.spawn([](WebSocket& websocket) -> Task<> {
      co_await websocket.receive();
      ADD_FAILURE() << "nothing was sent";
    }(websocket));
    co_await sleep_for(loop, milliseconds{5});
    group.cancel();
    co_await group.join();
    co_await websocket.send(binary("one"));
    co_await websocket.send(binary("two"));
    const Result<WebSocketMessage> one = co_await websocket.receive();
    EXPECT_EQ(text_of(one), "one");
    const Result<WebSocketMessage> two = co_await websocket.receive();
    EXPECT_EQ(text_of(two), "two");
  });
}

TEST(WebSocketTest, ACancelledSendDoesNotCutItsMessage) {
  Loop* running = nullptr;
  bool may_read = false;
  std::vector<std::size_t> sizes;
  const WebSocketSession session = [&](WebSocket websocket) -> Task<> {
    while (!may_read) co_await sleep_for(*running, milliseconds{1});
    while (true) {
      const Result<WebSocketMessage> message = co_await websocket.receive();
      if (!message) co_return;
      sizes.push_back(message->payload.size());
    }
  };
  with_websocket_server(session, [&](Loop& loop, std::uint16_t port) -> Task<> {
    running = &loop;
    WebSocket websocket = co_await connected(loop, port);
    TaskGroup group(loop);
    for (int i = 0; i < 40; ++i) {  // more than the sockets hold
      group.spawn([](WebSocket& websocket) -> Task<> {
        co_await websocket.send(binary(std::string(1'000'000, 'x')));
      }(websocket));
    }
    co_await sleep_for(loop, milliseconds{20});
    EXPECT_FALSE(group.empty());
    group.cancel();
    co_await group.join();
    may_read = true;
    const Result<> last = co_await websocket.send(binary("last"));
    EXPECT_TRUE(last.has_value());
    while (sizes.empty() || sizes.back() != 4) co_await sleep_for(loop, milliseconds{1});
    EXPECT_EQ(sizes.size(), 41U);
    EXPECT_EQ(std::ranges::count(sizes, std::size_t{1'000'000}), 40);
  });
}

TEST(WebSocketTest, SaysHowItWasRefused) {
  with_websocket_server(echo_session, [](Loop& loop, std::uint16_t port) -> Task<> {
    const Result<WebSocket> denied =
        co_await WebSocket::connect(loop, nullptr, loopback_url("ws", port, "/denied"));
    EXPECT_FALSE(denied.has_value());
    if (!denied) EXPECT_EQ(denied.error().code, FailureCode::denied);
    const Result<WebSocket> missing =
        co_await WebSocket::connect(loop, nullptr, loopback_url("ws", port, "/missing"));
    EXPECT_FALSE(missing.has_value());
    if (!missing) {
      EXPECT_EQ(missing.error().code, FailureCode::refused);
      EXPECT_THAT(missing.error().what, HasSubstr("404"));
    }
  });
}

TEST(WebSocketTest, AnOpeningIsBounded) {
  run([](Loop& loop) -> Task<> {
    // A listener that nobody accepts from: connected, but silent.
    asio::ip::tcp::acceptor silent(loop.reactor().context, {asio::ip::address_v4::loopback(), 0});
    WebSocketLimits limits;
    limits.connect_timeout = milliseconds{30};
    const Result<WebSocket> websocket = co_await WebSocket::connect(
        loop, nullptr, loopback_url("ws", silent.local_endpoint().port()), limits);
    EXPECT_FALSE(websocket.has_value());
    if (!websocket) EXPECT_EQ(websocket.error().code, FailureCode::timed_out);

    TaskGroup group(loop);
    group.spawn([](Loop& loop, std::uint16_t port) -> Task<> {
      co_await WebSocket::connect(loop, nullptr, loopback_url("ws", port));
      ADD_FAILURE() << "nobody answered";
    }(loop, silent.local_endpoint().port()));
    co_await sleep_for(loop, milliseconds{10});
    group.cancel();
    co_await group.join();
  });
}

TEST(WebSocketTest, AnUpgradeThatDripsForEverIsGivenUp) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer server(loop, [&](std::unique_ptr<Connection> connection, int) -> Task<> {
      error_code error = co_await connection->write("HTTP/1.1 101 Switching Protocols\r\nX-A: ");
      while (!error) {
        co_await sleep_for(loop, milliseconds{1});
        error = co_await connection->write("x");
      }
    });
    WebSocketLimits limits;
    limits.connect_timeout = milliseconds{50};
    const Result<WebSocket> websocket =
        co_await WebSocket::connect(loop, nullptr, loopback_url("ws", server.port()), limits);
    EXPECT_FALSE(websocket.has_value());
    if (!websocket) EXPECT_EQ(websocket.error().code, FailureCode::timed_out);
    co_await server.stop();
  });
}

TEST(WebSocketTest, OnlyAnUpgradeBecomesAWebSocket) {
  with_websocket_server(echo_session, [](Loop& loop, std::uint16_t port) -> Task<> {
    const std::string plain =
        co_await raw_exchange(loop, port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(plain, StartsWith("HTTP/1.1 426 "));
    const std::string keyless = co_await raw_exchange(
        loop, port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    EXPECT_THAT(keyless, StartsWith("HTTP/1.1 400 "));
  });
}

TEST(WebSocketTest, StoppingTheServerEndsItsSessions) {
  run([](Loop& loop) -> Task<> {
    Result<std::unique_ptr<HttpServer>> server = HttpServer::listen(loop, "127.0.0.1", 0);
    TaskGroup group(loop);
    group.spawn((*server)->serve([](HttpRequest) -> Task<HttpAnswer> { co_return echo_session; }));
    WebSocket websocket = co_await connected(loop, (*server)->port());
    co_await websocket.send(binary("hello"));
    const Result<WebSocketMessage> hello = co_await websocket.receive();
    EXPECT_EQ(text_of(hello), "hello");
    (*server)->stop();
    co_await group.join();
    const Result<WebSocketMessage> nothing = co_await websocket.receive();
    EXPECT_FALSE(nothing.has_value());
  });
}

}  // namespace
}  // namespace ferry::net

// An HTTP/1.1 server with websocket upgrade, plain TCP.
// Owns its listening socket and its connections; bounded by the limits below.
#pragma once

#include "base/result.hpp"
#include "net/http.hpp"
#include "net/loop.hpp"
#include "net/websocket.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace ferry::net {

struct HttpServerLimits {
  std::size_t max_connections = 1024;
  std::size_t max_header_bytes = 64U << 10U;
  std::size_t max_body_bytes = 16U << 20U;
  std::size_t max_buffered_bytes = 64U << 20U;  // of requests that are not answered, of all connections
  milliseconds idle_timeout{120'000};           // of a kept-alive connection between two requests
  milliseconds request_timeout{30'000};         // from a request's first byte to its last
};

// What the handler says to a request: an answer, or, to an upgrade request only, what to do with the
// websocket.
using WebSocketSession = std::function<Task<>(WebSocket)>;
using HttpAnswer = std::variant<HttpResponse, WebSocketSession>;
using HttpHandler = std::function<Task<HttpAnswer>(HttpRequest)>;
// Looks at a request whose body has not come yet: the refusal, after which the connection ends, or nothing.
using HttpHeadCheck = std::function<std::optional<HttpResponse>(const HttpRequest&)>;

class HttpServer {
 public:
  // Binds and listens at once; `port` 0 picks a free one. `host` is a literal address. Failures: `usage`
  // where it is none, `not_found` where this machine does not have it, `refused` where somebody has the port.
  static Result<std::unique_ptr<HttpServer>> listen(Loop& loop, const std::string& host, std::uint16_t port,
                                                    HttpServerLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  // Serves until cancelled or stop(); then no connection and no handler is left. Malformed or oversized
  // requests are answered 400, 413 or 431 with `Connection: close`. Where there are as many connections as
  // may be, or more bytes, a newcomer takes the place of one whom nothing was granted yet (an answer below
  // 400, a websocket).
  Task<> serve(HttpHandler handler, HttpHeadCheck check = [](const HttpRequest&) { return std::nullopt; });
  void stop();

 private:
  struct State;
  explicit HttpServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace ferry::net

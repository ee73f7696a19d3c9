// A websocket of either role over plain TCP or TLS.
// One reader at a time; send() may be called from several coroutines: messages leave whole, in call order.
// Bounded by max_message_bytes in each direction; a few messages are read ahead. Fragmented messages are put
// together, pings are answered.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "net/http.hpp"
#include "net/loop.hpp"
#include "net/network.hpp"
#include "net/url.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace ferry::net {

struct WebSocketMessage {
  bool is_text = false;
  Bytes payload;
};

struct WebSocketLimits {
  milliseconds connect_timeout{45'000};  // name, TCP, TLS and upgrade together
  std::size_t max_message_bytes = 1U << 20U;
};

class WebSocket {
 public:
  // `network` is needed for wss and for proxies only. No Origin, no subprotocol, no extension; User-Agent
  // ferry/VERSION; `headers` besides. A refusal by the peer is `denied` for HTTP 401 and 403, else `refused`,
  // with the error that its answer names as service_code and its message, cut, in `what`.
  static Task<Result<WebSocket>> connect(Loop& loop, const Network* network, Url url,
                                         WebSocketLimits limits = {}, Headers headers = {});

  ~WebSocket();
  WebSocket(WebSocket&&) noexcept;
  WebSocket& operator=(WebSocket&&) noexcept;

  // The next message. Failure `lost` when the connection has ended, however it did.
  Task<Result<WebSocketMessage>> receive();
  Task<Result<>> send(WebSocketMessage message);
  // All of them, in this order, and to the network in as few writes as may be: for many small ones.
  Task<Result<>> send(std::vector<WebSocketMessage> messages);
  // Payload at most 125 bytes; it is copied at the call.
  Task<Result<>> ping(std::string_view payload);
  // When a message or a ping or pong last came; while nobody receives, what comes is not seen. At first the
  // time of the upgrade.
  [[nodiscard]] Instant last_heard() const;
  // Ends the connection at once: no close handshake (no Session Manager peer does one); pending
  // and later receive() and send() fail as `lost`. Idempotent.
  void close();

  struct State;
  explicit WebSocket(std::shared_ptr<State> state);

 private:
  std::shared_ptr<State> state_;
};

}  // namespace ferry::net

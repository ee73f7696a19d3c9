// The connections of one session: the first one, and another after each break, with a fresh token and pauses
// that grow between the attempts.
// Owns no connection: it hands them out. Bounded by ConnectionTimes and first_attempts. The loop's thread
// only.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "net/loop.hpp"
#include "net/network.hpp"
#include "net/websocket.hpp"

#include <functional>
#include <optional>
#include <string>

namespace ferry::session {

struct Address {
  std::string session_id, stream_url;
  Secret token_value;
};

struct ConnectionTimes {
  // The service expects a ping at least every five minutes; proxies on the way drop idle connections sooner.
  milliseconds ping_interval{60'000};
  // A peer answers pings, so this is two of them without an answer: the connection is broken, though nobody
  // has said so.
  milliseconds longest_silence{125'000};
  // Before the first attempt, and up to as much again by chance so that many clients do not come at once;
  // doubled before each further one.
  milliseconds first_pause{100};
  milliseconds longest_pause{5'000};
  // No attempt begins later than this after a break: long enough for a change of networks, short enough for
  // somebody who waits.
  milliseconds resume_within{60'000};
  // A connection that has lasted so long, or has brought a message, was a good one: what breaks it is news.
  milliseconds settled_after{10'000};
};

class Dialler {
 public:
  using RenewToken = std::function<net::Task<Result<std::string>>()>;

  struct Connection {
    net::WebSocket socket;
    Secret token_value;  // not yet presented
  };

  // An empty `renew_token` means that a session has one connection.
  Dialler(net::Loop& loop, const net::Network& network, Address address, RenewToken renew_token,
          ConnectionTimes times);

  // The first connection. A few attempts, all with the token that the session came with: it is presented only
  // over a connection. Fails as the last attempt did; `denied` and `usage` are not tried again.
  net::Task<Result<Connection>> connect();

  // Another connection, with a fresh token. Fails when the service gives no token any more (`lost`) or
  // refuses the right to ask (`denied`), and as the last attempt did once resume_within is over.
  net::Task<Result<Connection>> reconnect();
  [[nodiscard]] bool can_reconnect() const { return renew_token_ != nullptr; }

  // The present connection works. Until this is said, breaks count as one: a service that takes connections
  // and drops them at once does not keep us trying for ever.
  void connection_is_good();

 private:
  net::Task<Result<net::WebSocket>> dial(milliseconds timeout);
  net::Task<> pause();
  [[nodiscard]] Failure given_up() const;

  net::Loop& loop_;
  const net::Network& network_;
  Address address_;
  RenewToken renew_token_;
  ConnectionTimes times_;
  std::optional<Instant> try_until_;  // while connections are broken
  milliseconds next_pause_{0};
  std::optional<Failure> last_failure_;
};

}  // namespace ferry::session

// The connections of one session: the first one, and another after each break, with a fresh token and pauses
// that grow between the attempts. Each is signed anew where it can be (wire/channel_opening.hpp).
// Owns no connection: it hands them out. Bounded by ConnectionTimes and first_attempts. The loop's thread
// only.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "net/loop.hpp"
#include "net/network.hpp"
#include "net/url.hpp"
#include "net/websocket.hpp"
#include "wire/channel_opening.hpp"

#include <functional>
#include <optional>
#include <string>

namespace ferry::session {

struct Address {
  std::string session_id, stream_url;
  Secret token_value;
};

// Whom a connection is signed as.
struct ChannelIdentity {
  std::string access_key_id;
  Secret secret_access_key, session_token;  // the latter is empty where there is none
  std::string source;                       // for people: "profile dev in /home/me/.aws/credentials"
  std::string region;                       // to sign for where nothing else tells the session's
  WallTime now;                             // by the service's clock
};

// How a session's websockets are opened.
struct ChannelDoor {
  // Dialled instead of the host that the stream's address names (a VPC endpoint's name): scheme, host and
  // port of an http, https, ws or wss URL. Empty: that host.
  std::string endpoint;
  std::string region;  // of the signature, where the stream's address does not tell; may be empty
  std::string arn;     // of the session's task or cluster, for the words about a refusal; may be empty
  bool is_unsigned_by_choice = false;
  // Credentials that are valid at this moment, asked for before each connection. It must be bounded. Where
  // it fails, or is empty, the websocket is opened unsigned.
  std::function<net::Task<Result<ChannelIdentity>>()> identity;
  // Called where a service says that the identity's credentials have expired: whether the next identity() may
  // have others. Then the connection is tried once more with those. May be empty.
  std::function<bool()> forget_identity;
};

// What a service gives to a session whose connection broke.
struct Renewal {
  std::string token_value;
  std::string stream_url;  // where to connect from then on; empty: where it was
};

struct ConnectionTimes {
  // The service expects a ping at least every five minutes; proxies on the way drop idle connections much
  // sooner.
  milliseconds ping_interval{30'000};
  // A peer answers pings, so this, or two of them without an answer if that is longer: the connection is
  // broken, though nobody has said so.
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
  using RenewToken = std::function<net::Task<Result<Renewal>>()>;
  using OnUnsigned = std::function<void(const Failure& reason)>;

  struct Connection {
    net::WebSocket socket;
    Secret token_value;  // not yet presented
  };

  // An empty `renew_token` means that a session has one connection. `on_unsigned` is told once why a
  // connection is opened without a signature that nobody chose to leave out; it may be empty.
  Dialler(net::Loop& loop, const net::Network& network, Address address, ChannelDoor door,
          RenewToken renew_token, OnUnsigned on_unsigned, ConnectionTimes times);

  // The first connection. A few attempts, all with the token that the session came with: it is presented only
  // over a connection. Fails as the last attempt did; `denied` and `usage` are not tried again. A refusal for
  // the signature's sake is `denied` and names the key and where it is from.
  net::Task<Result<Connection>> connect();

  // Another connection, with a fresh token. Fails when the service gives no token any more (`lost`) or
  // refuses the right to ask (`denied`), and as the last attempt did once resume_within is over.
  net::Task<Result<Connection>> reconnect();
  [[nodiscard]] bool can_reconnect() const { return renew_token_ != nullptr; }

  // The present connection works. Until this is said, breaks count as one: a service that takes connections
  // and drops them at once does not keep us trying for ever.
  void connection_is_good();

 private:
  // One attempt's opening: what was decided, and what carries it out.
  struct Signature {
    wire::ChannelOpener opener;
    net::Headers headers;
    Secret session_token;
  };

  net::Task<Result<net::WebSocket>> dial(milliseconds timeout);
  net::Task<Result<net::WebSocket>> open(net::Url url, milliseconds timeout);
  net::Task<Signature> signature_for(net::Url url);
  net::Task<> pause();
  [[nodiscard]] Failure given_up() const;

  net::Loop& loop_;
  const net::Network& network_;
  Address address_;
  ChannelDoor door_;
  RenewToken renew_token_;
  OnUnsigned on_unsigned_;
  ConnectionTimes times_;
  std::optional<Instant> try_until_;  // while connections are broken
  milliseconds next_pause_{0};
  std::optional<Failure> last_failure_;
};

}  // namespace ferry::session

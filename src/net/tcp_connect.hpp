// A TCP connection to a host, by whichever of its addresses is the first to answer (RFC 8305).
// Bounded by a deadline over looking up and connecting. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/reactor.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

namespace ferry::net {

using Endpoints = std::vector<asio::ip::tcp::endpoint>;

// Each further attempt begins when those before it have failed, or have taken so long (section 5).
inline constexpr milliseconds kHeadStart{250};

// The families take turns, beginning with that of the first, which the name service prefers (section 4).
// Pure.
Endpoints in_turns(const Endpoints& endpoints);

// The first to connect wins; the others are given up. Failures are `unreachable`.
Task<Result<asio::ip::tcp::socket>> connect_to_any(Loop& loop, Endpoints endpoints, Instant deadline);

// `host` is a name or a literal address.
Task<Result<asio::ip::tcp::socket>> connect_to(Loop& loop, std::string host, std::uint16_t port,
                                               Instant deadline);

// What every socket of ours needs: not inherited by the programs we start, small writes sent at once.
void prepare_socket(asio::ip::tcp::socket& socket);

}  // namespace ferry::net

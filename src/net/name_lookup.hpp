// The system's name service, asked without waiting for it for longer than the caller wants.
// getaddrinfo cannot be interrupted: what is given up goes on in the C library by itself, owns all that it
// needs, and holds up neither the loop's end nor the process's. Bounded by the C library's 20 look-ups at a
// time. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/reactor.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

namespace ferry::net {

// The addresses of a host, in the order in which the name service prefers them. Failures are `unreachable`
// (there is no such name, or no answer came before the deadline), and those of this machine.
Task<Result<std::vector<asio::ip::tcp::endpoint>>> look_up(Loop& loop, std::string host, std::uint16_t port,
                                                           Instant deadline);

}  // namespace ferry::net

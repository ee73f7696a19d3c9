// CONNECT: a way through an HTTP proxy to somebody else.
#pragma once

#include "base/result.hpp"
#include "net/byte_stream.hpp"
#include "net/proxy.hpp"
#include "net/url.hpp"

namespace ferry::net {

// Asks the proxy at the other end of `stream` to pass everything on, from now on, to the URL's host. Bounded
// by 16 KiB of answer; in time by whoever closes the stream. Failures: denied, unreachable.
Task<Result<>> open_tunnel(ByteStream& stream, const Proxy& proxy, const Url& url);

}  // namespace ferry::net

// HTTP/1.1 requests over kept-alive plain or TLS connections.
// Owns its idle connections (at most 4 a host); bounded by the limits below.
#pragma once

#include "base/result.hpp"
#include "net/http.hpp"
#include "net/loop.hpp"
#include "net/network.hpp"
#include "net/url.hpp"

#include <cstddef>
#include <memory>

namespace ferry::net {

struct HttpClientLimits {
  milliseconds connect_timeout{10'000};  // name, TCP, proxy and TLS together
  milliseconds answer_timeout{60'000};  // for the whole request to be taken, and as long again for the answer
  // A connection that has been idle for longer may be about to be closed, as servers do after 5 s or more: it
  // is not used for what must not be sent twice.
  milliseconds longest_idle{4'000};
  std::size_t max_answer_bytes = 64U << 20U;
};

class HttpClient {
 public:
  // `network` may be null where only http URLs will be asked for, and those without a proxy.
  HttpClient(Loop& loop, const Network* network, HttpClientLimits limits = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // One exchange with origin.host:origin.port. A kept-alive connection that turns out to be closed before
  // the answer's first byte is replaced by a fresh one, once, where the request is repeatable: the peer may
  // have taken it. No other retry. Failures: unreachable (nothing was sent), timed_out, lost (sent, no
  // complete answer), protocol.
  // Where `called_off`, which outlives the exchange, is set before the request is sent, it is not sent:
  // `cancelled`, at once.
  Task<Result<HttpResponse>> send(Url origin, HttpRequest request, Event* called_off = nullptr);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ferry::net

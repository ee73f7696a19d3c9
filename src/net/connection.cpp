#include "net/connection.hpp"

#include "net/clock.hpp"
#include "net/proxy_tunnel.hpp"
#include "net/tcp_connect.hpp"
#include "net/tls_context.hpp"
#include "net/tls_stream.hpp"

#include <optional>
#include <poll.h>
#include <string>

#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

namespace ferry::net {
namespace {

using Tcp = Connection::Tcp;

// Closes the socket that the stream lies on when the time has come.
class TimeLimit {
 public:
  TimeLimit(Loop& loop, ByteStream& stream, Instant deadline)
      : timer_(loop.reactor().context, deadline - steady_now(), [&socket = stream.lowest_layer()] {
          error_code ignored;  // closed in any case
          socket.close(ignored);
        }) {}

  // The outcome of a phase, which may have failed because its time was over.
  Result<> judge(Result<> outcome, std::string_view otherwise) const {
    if (outcome || !timer_.has_expired()) return outcome;
    return fail(FailureCode::unreachable, std::string(otherwise));
  }

 private:
  Deadline timer_;
};

// Puts TLS onto `stream`, which is the caller's throughout: a timer may refer to its socket.
Task<Result<>> add_tls(std::unique_ptr<ByteStream>& stream, const Network& network, std::string host,
                       std::string_view peer, const TimeLimit& limit) {
  const Result<> read = network.trust.context().read();
  if (!read) co_return fail(read.error());
  auto secured = std::make_unique<TlsStream>(std::move(stream), network.trust);
  TlsStream& tls = *secured;
  stream = std::move(secured);
  Result<> outcome = co_await tls.shake_hands(std::move(host), peer);
  co_return limit.judge(std::move(outcome), "the TLS handshake took too long");
}

// From the connected proxy on: TLS to itself where it wants that, and a tunnel, but for plain http.
Task<Result<>> pass_proxy(std::unique_ptr<ByteStream>& stream, const Network& network, const Proxy& proxy,
                          const Url& url, const TimeLimit& limit) {
  if (proxy.is_secure) {
    Result<> secured = co_await add_tls(stream, network, proxy.host, "proxy", limit);
    if (!secured) co_return secured;
  }
  if (url.scheme == "http") co_return Result<>();
  Result<> opened = co_await open_tunnel(*stream, proxy, url);
  co_return limit.judge(std::move(opened), "no answer in time");
}

std::string in_words(const Proxy& proxy) {
  return fmt::format("the proxy {}", proxy.name());
}

Failure unreachable_proxy(const Failure& failure, const Proxy& proxy, const Url& url) {
  Failure named = failure.in(in_words(proxy));
  named.hint = fmt::format("{} names it; NO_PROXY names what to reach without",
                           url.is_secure() ? "HTTPS_PROXY" : "HTTP_PROXY");
  return named;
}

Task<Result<std::unique_ptr<Connection>>> connect_before(Loop& loop, const Network* network, Url url,
                                                         Instant deadline) {
  const Result<std::optional<Proxy>> found =
      network == nullptr ? std::optional<Proxy>() : network->proxies.proxy_for(url);
  if (!found) co_return fail(found.error());
  const std::optional<Proxy>& proxy = *found;
  Result<Tcp> socket =
      co_await connect_to(loop, proxy ? proxy->host : url.host, proxy ? proxy->port : url.port, deadline);
  if (!socket) co_return fail(proxy ? unreachable_proxy(socket.error(), *proxy, url) : socket.error());

  std::unique_ptr<ByteStream> stream = tcp_stream(std::move(*socket));
  const TimeLimit limit(loop, *stream, deadline);
  if (proxy) {
    const Result<> passed = co_await pass_proxy(stream, *network, *proxy, url, limit);
    if (!passed) co_return fail(passed.error().in(in_words(*proxy)));
  }
  if (url.is_secure()) {
    if (network == nullptr)
      co_return fail(FailureCode::unreachable, "no certificate authorities were loaded");
    const Result<> secured = co_await add_tls(stream, *network, url.host, "endpoint", limit);
    if (!secured) co_return fail(secured.error());
  }
  co_return std::make_unique<Connection>(std::move(stream));
}

}  // namespace

Task<Connection::ReadOutcome> Connection::read_some(std::span<char> buffer) {
  co_await throw_if_cancelled();
  ReadOutcome outcome;
  outcome.count = co_await stream_->async_read_some(asio::buffer(buffer.data(), buffer.size()),
                                                    asio::redirect_error(asio::use_awaitable, outcome.error));
  co_await throw_if_cancelled();
  co_return outcome;
}

Task<error_code> Connection::write(std::string_view bytes) {
  co_await throw_if_cancelled();
  error_code error;
  co_await asio::async_write(*stream_, asio::buffer(bytes.data(), bytes.size()),
                             asio::redirect_error(asio::use_awaitable, error));
  co_await throw_if_cancelled();
  co_return error;
}

void Connection::end_writing() {
  error_code ignored;  // the peer may have gone already
  stream_->lowest_layer().shutdown(Tcp::shutdown_send, ignored);
}

void Connection::close() {
  error_code ignored;  // closed in any case
  stream_->lowest_layer().close(ignored);
}

bool Connection::has_input() {
  pollfd entry{.fd = stream_->lowest_layer().native_handle(), .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) != 0;
}

Task<Result<std::unique_ptr<Connection>>> connect(Loop& loop, const Network* network, Url url,
                                                  milliseconds timeout) {
  co_await throw_if_cancelled();
  const Instant deadline = steady_now() + timeout;
  Result<std::unique_ptr<Connection>> connection = co_await connect_before(loop, network, url, deadline);
  if (!connection) {
    const std::string context = fmt::format("cannot connect to {}://{}", url.scheme, url.authority());
    co_return fail(connection.error().in(context));
  }
  co_return connection;
}

}  // namespace ferry::net

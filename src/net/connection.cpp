#include "net/connection.hpp"

#include "net/clock.hpp"
#include "net/tls_context.hpp"

#include <array>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace ferry::net {
namespace {

using Tcp = Connection::Tcp;
using Endpoints = std::vector<asio::ip::tcp::endpoint>;

struct Resolution {
  explicit Resolution(asio::io_context& context) : done(std::make_shared<WaitList>(context)) {}
  std::shared_ptr<WaitList> done;
  bool is_done = false;
  error_code error;
  Endpoints endpoints;
};

// The system's look-up cannot be interrupted: it goes on by itself where its caller has given up.
Task<Result<Endpoints>> look_up(Loop& loop, std::string host, std::uint16_t port, Instant deadline) {
  auto resolution = std::make_shared<Resolution>(loop.reactor().context);
  asio::ip::tcp::resolver resolver(loop.reactor().context);
  resolver.async_resolve(
      host, std::to_string(port), asio::ip::tcp::resolver::numeric_service,
      [resolution](const error_code& error, const asio::ip::tcp::resolver::results_type& results) {
        resolution->is_done = true;
        resolution->error = error;
        for (const auto& entry : results) resolution->endpoints.push_back(entry.endpoint());
        resolution->done->wake_all();
      });
  co_await WaitList::wait_until(resolution->done, deadline);
  co_await throw_if_cancelled();
  if (!resolution->is_done) co_return fail(FailureCode::unreachable, "the name was not looked up in time");
  if (resolution->error) {
    co_return fail(FailureCode::unreachable, resolution->error.message(),
                   "check the host's name and this machine's name service");
  }
  co_return std::move(resolution->endpoints);
}

Task<Result<Endpoints>> resolve(Loop& loop, std::string host, std::uint16_t port, Instant deadline) {
  error_code error;
  const asio::ip::address literal = asio::ip::make_address(host, error);
  if (!error) co_return Endpoints{{literal, port}};
  // RFC 6761: always this machine, whatever the name service says.
  if (host == "localhost" || host.ends_with(".localhost")) {
    co_return Endpoints{{asio::ip::address_v4::loopback(), port}, {asio::ip::address_v6::loopback(), port}};
  }
  Result<Endpoints> endpoints = co_await look_up(loop, std::move(host), port, deadline);
  co_return endpoints;
}

// One address after the other; each but the last gets half of the time that is left.
Task<Result<Tcp>> connect_to_any(Loop& loop, Endpoints endpoints, Instant deadline) {
  error_code error = asio::error::host_not_found;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    milliseconds time = deadline - steady_now();
    if (i + 1 < endpoints.size()) time /= 2;
    Tcp socket(loop.reactor().context);
    socket.open(endpoints[i].protocol(), error);
    if (error) continue;
    prepare_socket(socket);
    const Deadline timer(loop.reactor().context, time, [&socket] { socket.close(); });
    co_await socket.async_connect(endpoints[i], asio::redirect_error(asio::use_awaitable, error));
    co_await throw_if_cancelled();
    if (timer.has_expired()) error = asio::error::timed_out;
    if (!error) co_return socket;
  }
  co_return fail(FailureCode::unreachable, error.message());
}

Task<Result<std::unique_ptr<Connection>>> connect_before(Loop& loop, const TlsTrust* trust, Url url,
                                                         Instant deadline) {
  Result<Endpoints> endpoints = co_await resolve(loop, url.host, url.port, deadline);
  if (!endpoints) co_return fail(std::move(endpoints.error()));
  Result<Tcp> socket = co_await connect_to_any(loop, std::move(*endpoints), deadline);
  if (!socket) co_return fail(std::move(socket.error()));
  if (!url.is_secure()) co_return std::make_unique<Connection>(std::move(*socket));

  if (trust == nullptr) co_return fail(FailureCode::unreachable, "no certificate authorities were loaded");
  auto connection = std::make_unique<Connection>(std::move(*socket), *trust);
  const Deadline timer(loop.reactor().context, deadline - steady_now(),
                       [&connection] { connection->close(); });
  Result<> secured = co_await connection->secure(url.host);
  if (timer.has_expired()) co_return fail(FailureCode::unreachable, "the TLS handshake took too long");
  if (!secured) co_return fail(std::move(secured.error()));
  co_return connection;
}

}  // namespace

Connection::Connection(Tcp socket, const TlsTrust& trust)
    : stream_(std::in_place_type<Tls>, std::move(socket), trust.context().ssl) {}

Connection::Tcp& Connection::socket() {
  Tcp* plain = std::get_if<Tcp>(&stream_);
  return plain != nullptr ? *plain : std::get<Tls>(stream_).next_layer();
}

Task<Result<>> Connection::secure(std::string host) {
  Tls& tls = std::get<Tls>(stream_);
  SSL* ssl = tls.native_handle();
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
  // A literal address is looked for in the certificate as an address, and is never sent as a name.
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) != 1) {
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size()) != 1 ||
        SSL_set_tlsext_host_name(ssl, host.c_str()) != 1) {
      co_return fail(FailureCode::unreachable, "TLS does not take this host name");
    }
  }
  error_code error;
  co_await tls.async_handshake(Tls::client, asio::redirect_error(asio::use_awaitable, error));
  co_await throw_if_cancelled();
  if (!error) co_return Result<>();
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) {
    co_return fail(
        FailureCode::unreachable,
        fmt::format("certificate verify failed: {}", X509_verify_cert_error_string(verdict)),
        "check the endpoint, this machine's clock and its certificate authorities (ca-certificates)");
  }
  co_return fail(FailureCode::unreachable, fmt::format("TLS handshake failed: {}", error.message()));
}

Task<Connection::ReadOutcome> Connection::read_some(std::span<char> buffer) {
  co_await throw_if_cancelled();
  ReadOutcome outcome;
  const asio::mutable_buffer target = asio::buffer(buffer.data(), buffer.size());
  if (Tcp* plain = std::get_if<Tcp>(&stream_); plain != nullptr) {
    outcome.count =
        co_await plain->async_read_some(target, asio::redirect_error(asio::use_awaitable, outcome.error));
  } else {
    Tls& tls = std::get<Tls>(stream_);
    outcome.count =
        co_await tls.async_read_some(target, asio::redirect_error(asio::use_awaitable, outcome.error));
  }
  co_await throw_if_cancelled();
  co_return outcome;
}

Task<error_code> Connection::write(std::string_view bytes) {
  co_await throw_if_cancelled();
  error_code error;
  const asio::const_buffer source = asio::buffer(bytes.data(), bytes.size());
  if (Tcp* plain = std::get_if<Tcp>(&stream_); plain != nullptr) {
    co_await asio::async_write(*plain, source, asio::redirect_error(asio::use_awaitable, error));
  } else {
    Tls& tls = std::get<Tls>(stream_);
    co_await asio::async_write(tls, source, asio::redirect_error(asio::use_awaitable, error));
  }
  co_await throw_if_cancelled();
  co_return error;
}

void Connection::end_writing() {
  error_code ignored;  // the peer may have gone already
  socket().shutdown(Tcp::shutdown_send, ignored);
}

void Connection::close() {
  error_code ignored;  // closed in any case
  socket().close(ignored);
}

bool Connection::has_input() {
  pollfd entry{.fd = socket().native_handle(), .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) != 0;
}

Task<Result<std::unique_ptr<Connection>>> connect(Loop& loop, const TlsTrust* trust, Url url,
                                                  milliseconds timeout) {
  co_await throw_if_cancelled();
  const Instant deadline = steady_now() + timeout;
  Result<std::unique_ptr<Connection>> connection = co_await connect_before(loop, trust, url, deadline);
  if (!connection) {
    const std::string context = fmt::format("cannot connect to {}://{}", url.scheme, url.authority());
    co_return fail(connection.error().in(context));
  }
  co_return connection;
}

void prepare_socket(Connection::Tcp& socket) {
  error_code ignored;  // a socket that is already gone shows at its first use
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  const int flags = ::fcntl(socket.native_handle(), F_GETFD);
  ::fcntl(socket.native_handle(), F_SETFD, flags | FD_CLOEXEC);
}

}  // namespace ferry::net

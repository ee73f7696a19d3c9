#include "net/connection.hpp"

#include "base/text.hpp"
#include "net/clock.hpp"
#include "net/http_codec.hpp"
#include "net/tls_context.hpp"

#include <algorithm>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/read_until.hpp>
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

// The families take turns, beginning with the one that the name service prefers (RFC 8305, section 4).
Endpoints in_turns(const Endpoints& endpoints) {
  if (endpoints.empty()) return {};
  Endpoints first;
  Endpoints second;
  for (const auto& endpoint : endpoints)
    (endpoint.protocol() == endpoints.front().protocol() ? first : second).push_back(endpoint);
  Endpoints turns;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) turns.push_back(first[i]);
    if (i < second.size()) turns.push_back(second[i]);
  }
  return turns;
}

// Attempts that run beside each other; the first to connect wins.
struct Race {
  explicit Race(Loop& loop) : changed(loop) {}
  Event changed;
  std::optional<Tcp> winner;
  std::size_t lost = 0;
  error_code error = asio::error::timed_out;  // of the last that lost
};

Task<> attempt(Loop& loop, asio::ip::tcp::endpoint endpoint, Race& race) {
  Tcp socket(loop.reactor().context);
  error_code error;
  socket.open(endpoint.protocol(), error);
  if (!error) {
    prepare_socket(socket);
    co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    co_await throw_if_cancelled();
  }
  if (error) {
    ++race.lost;
    race.error = error;
  } else if (!race.winner) {
    race.winner = std::move(socket);
  }
  race.changed.set();
}

// Each further attempt begins when those before it have failed, or have taken so long (RFC 8305, section 5).
constexpr milliseconds kHeadStart{250};

Task<> run_race(Loop& loop, TaskGroup& attempts, const Endpoints& endpoints, Race& race, Instant deadline) {
  for (std::size_t begun = 0; begun < endpoints.size() && !race.winner && steady_now() < deadline;) {
    attempts.spawn(attempt(loop, endpoints[begun++], race));
    const bool is_last = begun == endpoints.size();
    const Instant until = is_last ? deadline : std::min(deadline, steady_now() + kHeadStart);
    bool is_in_time = true;
    while (is_in_time && !race.winner && race.lost < begun) {
      race.changed.reset();
      is_in_time = co_await race.changed.wait_until(until);
    }
  }
}

Task<Result<Tcp>> connect_to_any(Loop& loop, Endpoints endpoints, Instant deadline) {
  Race race(loop);
  const Endpoints turns = in_turns(endpoints);
  co_await with_children(
      loop, [&](TaskGroup& attempts) { return run_race(loop, attempts, turns, race, deadline); });
  if (race.winner) co_return std::move(*race.winner);
  const bool is_late = race.lost < turns.size();
  co_return fail(FailureCode::unreachable,
                 is_late ? error_code(asio::error::timed_out).message() : race.error.message());
}

Task<Result<Tcp>> connect_to(Loop& loop, std::string host, std::uint16_t port, Instant deadline) {
  Result<Endpoints> endpoints = co_await resolve(loop, std::move(host), port, deadline);
  if (!endpoints) co_return fail(std::move(endpoints.error()));
  Result<Tcp> socket = co_await connect_to_any(loop, std::move(*endpoints), deadline);
  co_return socket;
}

// What a proxy answers to CONNECT, as a verdict.
Result<> tunnel_verdict(std::string_view head) {
  const std::vector<std::string_view> words = split(head.substr(0, head.find("\r\n")), ' ');
  const auto status = words.size() < 2 ? std::nullopt : parse_integer(words[1]);
  if (!words.front().starts_with("HTTP/1.") || !status)
    return fail(FailureCode::unreachable, "its answer is not HTTP/1.1", "check that it is an HTTP proxy");
  if (*status == 407)
    return fail(FailureCode::denied, "it wants a user and a password, or others (status 407)",
                "put them into the proxy's URL: http://user:password@host:port");
  if (*status == 403) return fail(FailureCode::denied, "it forbids this address (status 403)");
  if (*status < 200 || *status > 299)
    return fail(FailureCode::unreachable, fmt::format("it cannot reach this address (status {})", *status));
  return {};
}

// Asks the proxy at the other end of `socket` to pass everything on, from now on, to the URL's host.
Task<Result<>> open_tunnel(Loop& loop, Tcp& socket, const Proxy& proxy, const Url& url, Instant deadline) {
  constexpr std::size_t kMostHeadBytes = 16U << 10U;
  const std::string authority = host_and_port(url.host, url.port);
  HttpRequest request{.method = "CONNECT", .target = authority, .headers = {}, .body = {}};
  if (!proxy.authorization.empty()) request.headers.emplace_back("Proxy-Authorization", proxy.authorization);
  const std::string head = request_head(request, authority);
  const Deadline timer(loop.reactor().context, deadline - steady_now(), [&socket] { socket.close(); });
  error_code error;
  co_await asio::async_write(socket, asio::buffer(head), asio::redirect_error(asio::use_awaitable, error));
  co_await throw_if_cancelled();
  std::string answer;
  std::size_t end = 0;
  if (!error) {
    end = co_await asio::async_read_until(socket, asio::dynamic_buffer(answer, kMostHeadBytes), "\r\n\r\n",
                                          asio::redirect_error(asio::use_awaitable, error));
    co_await throw_if_cancelled();
  }
  if (timer.has_expired()) co_return fail(FailureCode::unreachable, "no answer in time");
  if (error) co_return fail(FailureCode::unreachable, error.message());
  Result<> verdict = tunnel_verdict(answer);
  // Who comes through the tunnel speaks only when spoken to.
  if (verdict && end != answer.size()) co_return fail(FailureCode::unreachable, "its answer has too much");
  co_return verdict;
}

Task<Result<Tcp>> connect_through(Loop& loop, Proxy proxy, Url url, Instant deadline) {
  const std::string context = fmt::format("the proxy {}", proxy.name());
  Result<Tcp> socket = co_await connect_to(loop, proxy.host, proxy.port, deadline);
  if (!socket) {
    Failure failure = socket.error().in(context);
    failure.hint = url.is_secure() ? "HTTPS_PROXY names it; NO_PROXY names what to reach without"
                                   : "HTTP_PROXY names it; NO_PROXY names what to reach without";
    co_return fail(std::move(failure));
  }
  if (url.scheme == "http") co_return socket;
  const Result<> opened = co_await open_tunnel(loop, *socket, proxy, url, deadline);
  if (!opened) co_return fail(opened.error().in(context));
  co_return socket;
}

Task<Result<std::unique_ptr<Connection>>> connect_before(Loop& loop, const Network* network, Url url,
                                                         Instant deadline) {
  Result<std::optional<Proxy>> proxy =
      network == nullptr ? std::optional<Proxy>() : network->proxies.proxy_for(url);
  if (!proxy) co_return fail(std::move(proxy.error()));
  Result<Tcp> socket = *proxy ? co_await connect_through(loop, std::move(**proxy), url, deadline)
                              : co_await connect_to(loop, url.host, url.port, deadline);
  if (!socket) co_return fail(std::move(socket.error()));
  if (!url.is_secure()) co_return std::make_unique<Connection>(std::move(*socket));

  if (network == nullptr) co_return fail(FailureCode::unreachable, "no certificate authorities were loaded");
  auto connection = std::make_unique<Connection>(std::move(*socket), network->trust);
  const Deadline timer(loop.reactor().context, deadline - steady_now(),
                       [&connection] { connection->close(); });
  Result<> secured = co_await connection->secure(url.host);
  if (timer.has_expired()) co_return fail(FailureCode::unreachable, "the TLS handshake took too long");
  if (!secured) co_return fail(std::move(secured.error()));
  co_return connection;
}

// What to try where a certificate is refused for this reason.
std::string_view certificate_hint(long verdict) {
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "it belongs to another host: check the endpoint's name";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "check this machine's clock; if that is right, the endpoint needs a new certificate";
    default:
      return "name the file of the authority that signed it in AWS_CA_BUNDLE or the profile's ca_bundle, or "
             "install ca-certificates";
  }
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
    co_return fail(FailureCode::unreachable,
                   fmt::format("certificate verify failed: {}", X509_verify_cert_error_string(verdict)),
                   std::string(certificate_hint(verdict)));
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

void prepare_socket(Connection::Tcp& socket) {
  error_code ignored;  // a socket that is already gone shows at its first use
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  const int flags = ::fcntl(socket.native_handle(), F_GETFD);
  ::fcntl(socket.native_handle(), F_SETFD, flags | FD_CLOEXEC);
}

}  // namespace ferry::net

#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "net/network.hpp"
#include "net/tls_context.hpp"
#include "raw_client.hpp"
#include "run.hpp"
#include "scripted_server.hpp"
#include "test_certificates.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

namespace ferry::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// A file of authorities to trust, removed at the end.
class BundleFile {
 public:
  explicit BundleFile(const std::string& text) {
    const int fd = ::mkstemp(path_.data());
    EXPECT_GE(fd, 0);
    EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(fd);
  }
  ~BundleFile() { std::filesystem::remove(path_); }
  BundleFile(const BundleFile&) = delete;
  BundleFile& operator=(const BundleFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = testing::TempDir() + "bundle_XXXXXX";
};

Network network_in(const Certificate& authority) {
  const BundleFile file(authority.pem());
  Result<TlsTrust> trust = TlsTrust::load(file.path());
  EXPECT_TRUE(trust->context().read().has_value());
  return {.trust = std::move(*trust), .proxies = {}};
}

// Ends TLS with the given certificate and passes everything on to a plain port.
class TlsFront {
 public:
  TlsFront(Loop& loop, const Certificate& certificate, std::uint16_t plain_port)
      : loop_(loop),
        plain_port_(plain_port),
        acceptor_(loop.reactor().context, {asio::ip::address_v4::loopback(), 0}),
        group_(loop) {
    SSL_CTX_use_certificate(context_.native_handle(), certificate.x509.get());
    SSL_CTX_use_PrivateKey(context_.native_handle(), certificate.key.get());
    group_.spawn(serve());
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] const std::string& server_name() const { return server_name_; }
  SSL_CTX* context() { return context_.native_handle(); }

  Task<> stop() {
    group_.cancel();
    co_await group_.join();
  }

 private:
  using Tls = asio::ssl::stream<Connection::Tcp>;

  template <class From, class To>
  static Task<> pump(From& from, To& to, Event& has_ended) {
    std::array<char, 16384> piece{};
    error_code error;
    while (!error) {
      const std::size_t count = co_await from.async_read_some(
          asio::buffer(piece), asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
      co_await asio::async_write(to, asio::buffer(piece.data(), count),
                                 asio::redirect_error(asio::use_awaitable, error));
    }
    has_ended.set();
  }

  Task<> serve_one(Connection::Tcp socket) {
    Tls tls(std::move(socket), context_);
    error_code error;
    co_await tls.async_handshake(Tls::server, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    const char* name = SSL_get_servername(tls.native_handle(), TLSEXT_NAMETYPE_host_name);
    server_name_ = name == nullptr ? "" : name;
    Connection::Tcp plain(loop_.reactor().context);
    co_await plain.async_connect({asio::ip::address_v4::loopback(), plain_port_},
                                 asio::redirect_error(asio::use_awaitable, error));
    Event has_ended(loop_);
    TaskGroup pumps(loop_);
    pumps.spawn(pump(tls, plain, has_ended));
    pumps.spawn(pump(plain, tls, has_ended));
    try {
      co_await has_ended.wait();
    } catch (const boost::system::system_error&) {
      has_ended.set();  // cancelled: so are the pumps
    }
    pumps.cancel();
    co_await pumps.join();
  }

  Task<> serve() {
    while (true) {
      Connection::Tcp socket(loop_.reactor().context);
      error_code error;
      co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      co_await throw_if_cancelled();
      group_.spawn(serve_one(std::move(socket)));
    }
  }

  Loop& loop_;
  std::uint16_t plain_port_;
  asio::ssl::context context_{asio::ssl::context::tls_server};
  asio::ip::tcp::acceptor acceptor_;
  TaskGroup group_;
  std::string server_name_;
};

const CertificateWish kAuthority{.common_name = "Test authority", .alternative_names = ""};
const CertificateWish kServer{.common_name = "server", .alternative_names = "DNS:localhost,IP:127.0.0.1"};

Task<> echo_session(WebSocket websocket) {
  Result<WebSocketMessage> message = co_await websocket.receive();
  if (message) co_await websocket.send(std::move(*message));
  co_await websocket.receive();
}

Task<HttpAnswer> answer(HttpRequest request) {
  if (request.target == "/socket") co_return echo_session;
  co_return HttpResponse{.status = 200, .headers = {}, .body = std::move(request.body)};
}

using Body = std::function<Task<>(Loop&, TlsFront&)>;

// A server behind TLS with `certificate` while `body` runs.
void with_tls_server(const Certificate& certificate, Body body) {
  run([&](Loop& loop) -> Task<> {
    Result<std::unique_ptr<HttpServer>> server = HttpServer::listen(loop, "127.0.0.1", 0);
    EXPECT_TRUE(server.has_value());
    TaskGroup group(loop);
    group.spawn((*server)->serve(answer));
    TlsFront front(loop, certificate, (*server)->port());
    co_await body(loop, front);
    co_await front.stop();
    (*server)->stop();
    co_await group.join();
  });
}

Url secure_url(const TlsFront& front, std::string host) {
  return Url{.scheme = "https", .host = std::move(host), .port = front.port(), .target = "/"};
}

TEST(TlsTest, TrustsTheGivenAuthorityForNamesAndAddresses) {
  const Certificate authority = make_certificate(kAuthority, nullptr);
  const Certificate certificate = make_certificate(kServer, &authority);
  with_tls_server(certificate, [&](Loop& loop, TlsFront& front) -> Task<> {
    const Network network = network_in(authority);
    HttpClient client(loop, &network);
    const HttpRequest request{
        .method = "POST", .target = "/", .headers = {}, .body = std::string(1'000'000, 't')};
    const Result<HttpResponse> by_name = co_await client.send(secure_url(front, "localhost"), request);
    EXPECT_TRUE(by_name && by_name->body == request.body);
    EXPECT_EQ(front.server_name(), "localhost");
    const Result<HttpResponse> by_address = co_await client.send(secure_url(front, "127.0.0.1"), request);
    EXPECT_TRUE(by_address && by_address->body == request.body);
    EXPECT_EQ(front.server_name(), "") << "an address is no server name";
  });
}

TEST(TlsTest, CarriesWebSockets) {
  const Certificate authority = make_certificate(kAuthority, nullptr);
  const Certificate certificate = make_certificate(kServer, &authority);
  with_tls_server(certificate, [&](Loop& loop, TlsFront& front) -> Task<> {
    const Network network = network_in(authority);
    Url url = secure_url(front, "localhost");
    url.scheme = "wss";
    url.target = "/socket";
    Result<WebSocket> websocket = co_await WebSocket::connect(loop, &network, url);
    EXPECT_TRUE(websocket.has_value());
    if (!websocket) co_return;
    const WebSocketMessage message{.is_text = true, .payload = Bytes(100'000, 'w')};
    const Result<> sent = co_await websocket->send(message);
    EXPECT_TRUE(sent.has_value());
    const Result<WebSocketMessage> back = co_await websocket->receive();
    EXPECT_TRUE(back && back->is_text && back->payload == message.payload);
  });
}

// The one line that a request to `host` fails with.
std::string refusal(const Certificate& certificate, const Certificate& authority, std::string host) {
  std::string what;
  with_tls_server(certificate, [&](Loop& loop, TlsFront& front) -> Task<> {
    const Network network = network_in(authority);
    HttpClient client(loop, &network);
    const Result<HttpResponse> answered = co_await client.send(secure_url(front, host), {});
    EXPECT_FALSE(answered.has_value());
    if (answered) co_return;
    EXPECT_EQ(answered.error().code, FailureCode::unreachable);
    what = answered.error().what;
    EXPECT_THAT(what, HasSubstr("https://" + host + ":" + std::to_string(front.port())));

    Url url = secure_url(front, host);
    url.scheme = "wss";
    const Result<WebSocket> websocket = co_await WebSocket::connect(loop, &network, url);
    EXPECT_FALSE(websocket.has_value()) << "a websocket trusts what a request does not";
  });
  return what;
}

TEST(TlsTest, RefusesAnotherHostsCertificate) {
  const Certificate authority = make_certificate(kAuthority, nullptr);
  const Certificate other = make_certificate(
      {.common_name = "localhost", .alternative_names = "DNS:example.com,IP:127.0.0.2"}, &authority);
  EXPECT_THAT(refusal(other, authority, "localhost"),
              EndsWith("certificate verify failed: hostname mismatch"));
  EXPECT_THAT(refusal(other, authority, "127.0.0.1"),
              EndsWith("certificate verify failed: IP address mismatch"));
}

TEST(TlsTest, RefusesACertificateThatSignedItself) {
  const Certificate authority = make_certificate(kAuthority, nullptr);
  const Certificate self_signed = make_certificate(kServer, nullptr);
  EXPECT_THAT(refusal(self_signed, authority, "localhost"),
              EndsWith("certificate verify failed: self-signed certificate"));
}

TEST(TlsTest, RefusesAnUnknownAuthority) {
  const Certificate authority = make_certificate(kAuthority, nullptr);
  const Certificate stranger =
      make_certificate({.common_name = "Stranger", .alternative_names = ""}, nullptr);
  const Certificate certificate = make_certificate(kServer, &stranger);
  EXPECT_THAT(refusal(certificate, authority, "localhost"),
              EndsWith("certificate verify failed: unable to get local issuer certificate"));
}

TEST(TlsTest, RefusesAnExpiredCertificate) {
  const Certificate authority = make_certificate(kAuthority, nullptr);
  CertificateWish wish = kServer;
  wish.valid_seconds = -60;
  const Certificate expired = make_certificate(wish, &authority);
  EXPECT_THAT(refusal(expired, authority, "localhost"),
              EndsWith("certificate verify failed: certificate has expired"));
}

TEST(TlsTest, RefusesOldProtocols) {
  const Certificate authority = make_certificate(kAuthority, nullptr);
  const Certificate certificate = make_certificate(kServer, &authority);
  with_tls_server(certificate, [&](Loop& loop, TlsFront& front) -> Task<> {
    SSL_CTX_set_security_level(front.context(), 0);
    SSL_CTX_set_max_proto_version(front.context(), TLS1_1_VERSION);
    const Network network = network_in(authority);
    HttpClient client(loop, &network);
    const Result<HttpResponse> answered = co_await client.send(secure_url(front, "localhost"), {});
    EXPECT_FALSE(answered.has_value());
    if (!answered) {
      EXPECT_THAT(answered.error().what, HasSubstr("TLS handshake failed"));
      EXPECT_THAT(answered.error().hint, HasSubstr("TLS 1.2 or 1.3"));
    }
  });
}

TEST(TlsTest, APeerWithoutTlsIsToldFromOneThatHangsUp) {
  run([](Loop& loop) -> Task<> {
    const Network network = network_in(make_certificate(kAuthority, nullptr));
    HttpClient client(loop, &network);
    ScriptedServer plain(loop, [](std::unique_ptr<Connection> connection, int) -> Task<> {
      co_await connection->write("HTTP/1.1 400 Bad Request\r\n\r\n");
      co_await read_until(*connection, "");
    });
    const Result<HttpResponse> without = co_await client.send(loopback_url("https", plain.port()), {});
    EXPECT_FALSE(without.has_value());
    if (!without) EXPECT_THAT(without.error().hint, HasSubstr("does not speak TLS on this port"));
    ScriptedServer closing(loop, [](std::unique_ptr<Connection>, int) -> Task<> { co_return; });
    const Result<HttpResponse> closed = co_await client.send(loopback_url("https", closing.port()), {});
    EXPECT_FALSE(closed.has_value());
    if (!closed) EXPECT_THAT(closed.error().what, HasSubstr("TLS handshake failed"));
    co_await plain.stop();
    co_await closing.stop();
  });
}

TEST(TlsTest, AHandshakeIsBounded) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer silent(loop, [](std::unique_ptr<Connection> connection, int) -> Task<> {
      co_await read_until(*connection, "");
    });
    const Network network = network_in(make_certificate(kAuthority, nullptr));
    HttpClientLimits limits;
    limits.connect_timeout = milliseconds{30};
    HttpClient client(loop, &network, limits);
    const Result<HttpResponse> answered = co_await client.send(loopback_url("https", silent.port()), {});
    EXPECT_FALSE(answered.has_value());
    if (!answered) EXPECT_THAT(answered.error().what, HasSubstr("took too long"));
    co_await silent.stop();
  });
}

TEST(TlsTest, RefusesABundleThatIsNone) {
  const Result<> missing = TlsTrust::load("/no/such/bundle.pem")->context().read();
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, FailureCode::usage);
  EXPECT_THAT(missing.error().what, HasSubstr("/no/such/bundle.pem"));
  const BundleFile empty("no certificates here\n");
  EXPECT_FALSE(TlsTrust::load(empty.path())->context().read().has_value());
}

// A bundle of many authorities takes its time: nobody who speaks plain http pays for it.
TEST(TlsTest, ABundleIsReadWhenTlsNeedsItAndOnce) {
  const Certificate authority = make_certificate(kAuthority, nullptr);
  std::optional<BundleFile> file(authority.pem());
  const TlsTrust early = *TlsTrust::load(file->path());
  const TlsTrust late = *TlsTrust::load(file->path());
  const TlsTrust copy = early;
  EXPECT_TRUE(early.context().read().has_value());
  file.reset();
  EXPECT_TRUE(copy.context().read().has_value()) << "copies share what one of them has read";
  EXPECT_FALSE(late.context().read().has_value()) << "it was read before it was needed";
}

TEST(TlsTest, TheSystemsTrustLoads) {
  EXPECT_TRUE(TlsTrust::load("")->context().read().has_value());
}

}  // namespace
}  // namespace ferry::net

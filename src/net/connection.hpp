// A TCP connection, with TLS on it where asked for, as the HTTP and websocket files of net/ use it.
// Owns its socket. Bounded by the deadlines that its users set: expiry closes it.
#pragma once

#include "base/result.hpp"
#include "net/reactor.hpp"
#include "net/tls.hpp"
#include "net/url.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace ferry::net {

class Connection {
 public:
  using Tcp = asio::ip::tcp::socket;
  using Tls = asio::ssl::stream<Tcp>;
  using executor_type = Tcp::executor_type;

  struct ReadOutcome {
    error_code error;  // eof at the peer's orderly end
    std::size_t count = 0;
  };

  explicit Connection(Tcp socket) : stream_(std::in_place_type<Tcp>, std::move(socket)) {}
  Connection(Tcp socket, const TlsTrust& trust);

  // As the client: the peer must prove to be `host`, a name or a literal address.
  Task<Result<>> secure(std::string host);

  Task<ReadOutcome> read_some(std::span<char> buffer);
  Task<error_code> write(std::string_view bytes);
  // No more is written; the peer reads its end. Plain TCP only.
  void end_writing();
  // Without farewell. What waits for it ends with operation_aborted.
  void close();
  // True when the peer has sent something or closed: no idle connection should be so.
  [[nodiscard]] bool has_input();

  executor_type get_executor() { return socket().get_executor(); }

  // As Beast's websocket wants it.
  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    std::visit([&](auto& stream) { stream.async_read_some(buffers, std::forward<Handler>(handler)); },
               stream_);
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    std::visit([&](auto& stream) { stream.async_write_some(buffers, std::forward<Handler>(handler)); },
               stream_);
  }

 private:
  Tcp& socket();

  std::variant<Tcp, Tls> stream_;
};

// TCP, and TLS where the URL is secure, to url.host:url.port. Every failure is `unreachable`: nothing of the
// caller's has been sent. `trust` may be null for plain URLs.
Task<Result<std::unique_ptr<Connection>>> connect(Loop& loop, const TlsTrust* trust, Url url,
                                                  milliseconds timeout);

// What every socket of ours needs: not inherited by the programs we start, small writes sent at once.
void prepare_socket(Connection::Tcp& socket);

}  // namespace ferry::net

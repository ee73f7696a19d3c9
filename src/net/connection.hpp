// A TCP connection, with TLS on it where asked for, as the HTTP and websocket files of net/ use it.
// Owns its socket. Bounded by the deadlines that its users set: expiry closes it.
#pragma once

#include "base/result.hpp"
#include "net/network.hpp"
#include "net/reactor.hpp"
#include "net/url.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

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
    if (!holds_writes_ && held_.empty()) {
      std::visit([&](auto& stream) { stream.async_write_some(buffers, std::forward<Handler>(handler)); },
                 stream_);
      return;
    }
    const std::size_t count = hold(buffers);
    if (holds_writes_) {
      asio::post(get_executor(), std::bind_front(std::forward<Handler>(handler), error_code(), count));
      return;
    }
    write_held([handler = std::forward<Handler>(handler), count](const error_code& error) mutable {
      handler(error, error ? 0 : count);
    });
  }
  // While true, what async_write_some() is given waits, and leaves in one with the first write afterwards:
  // each write costs a system call, and a TLS record, of its own. Whoever holds must write once more.
  void hold_writes(bool holds) { holds_writes_ = holds; }

 private:
  Tcp& socket();
  template <class Buffers>
  std::size_t hold(const Buffers& buffers) {
    const std::size_t before = held_.size();
    held_.resize(before + asio::buffer_size(buffers));
    return asio::buffer_copy(asio::buffer(held_) + before, buffers);
  }
  template <class Handler>
  void write_held(Handler&& handler) {
    auto on_written = [this, handler = std::forward<Handler>(handler)](const error_code& error,
                                                                       std::size_t) mutable {
      held_.clear();
      handler(error);
    };
    std::visit([&](auto& stream) { asio::async_write(stream, asio::buffer(held_), std::move(on_written)); },
               stream_);
  }

  std::variant<Tcp, Tls> stream_;
  std::string held_;
  bool holds_writes_ = false;
};

// TCP, and TLS where the URL is secure, to url.host:url.port, or to the proxy that `network` has for it:
// through a tunnel (CONNECT), but for http, whose requests the proxy takes itself. Every failure is
// `unreachable`, or `denied` or `usage` for a proxy that refuses us or is none: nothing of the caller's has
// been sent. `network` may be null for plain URLs without a proxy.
Task<Result<std::unique_ptr<Connection>>> connect(Loop& loop, const Network* network, Url url,
                                                  milliseconds timeout);

// What every socket of ours needs: not inherited by the programs we start, small writes sent at once.
void prepare_socket(Connection::Tcp& socket);

}  // namespace ferry::net

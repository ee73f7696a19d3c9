// A connection as the HTTP and websocket files of net/ use it: TCP, with what lies on it.
// Owns its socket. Bounded by the deadlines that its users set: expiry closes it.
#pragma once

#include "base/result.hpp"
#include "net/byte_stream.hpp"
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

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace ferry::net {

class Connection {
 public:
  using Tcp = ByteStream::Tcp;
  using executor_type = ByteStream::executor_type;

  struct ReadOutcome {
    error_code error;  // eof at the peer's orderly end
    std::size_t count = 0;
  };

  explicit Connection(Tcp socket) : Connection(tcp_stream(std::move(socket))) {}
  explicit Connection(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  Task<ReadOutcome> read_some(std::span<char> buffer);
  Task<error_code> write(std::string_view bytes);
  // No more is written; the peer reads its end. Plain TCP only.
  void end_writing();
  // Without farewell. What waits for it ends with operation_aborted.
  void close();
  // True when the peer has sent something or closed: no idle connection should be so.
  [[nodiscard]] bool has_input();

  executor_type get_executor() { return stream_->get_executor(); }

  // As Beast's websocket wants it.
  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    stream_->async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (!holds_writes_ && held_.empty()) {
      stream_->async_write_some(buffers, std::forward<Handler>(handler));
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
    asio::async_write(*stream_, asio::buffer(held_), std::move(on_written));
  }

  std::unique_ptr<ByteStream> stream_;
  std::string held_;
  bool holds_writes_ = false;
};

// TCP, and TLS where the URL is secure, to url.host:url.port, or to the proxy that `network` has for it
// (which may itself be spoken to over TLS): through a tunnel (CONNECT), but for http, whose requests the
// proxy takes itself. Every failure is `unreachable`, or `denied` or `usage` for a proxy that refuses us or
// is none: nothing of the caller's has been sent. `network` may be null for plain URLs without a proxy.
Task<Result<std::unique_ptr<Connection>>> connect(Loop& loop, const Network* network, Url url,
                                                  milliseconds timeout);

}  // namespace ferry::net

// A stream of bytes in both directions, whatever carries it: a TCP socket, or TLS on another stream. So they
// lie on each other in any number: TLS to a server within TLS to a proxy.
// Owns what it lies on. One read and one write at a time. The loop's thread only.
#pragma once

#include "net/reactor.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace ferry::net {

class ByteStream {
 public:
  using Tcp = asio::ip::tcp::socket;
  // As Asio's ssl::stream wants what it lies on.
  using lowest_layer_type = Tcp;
  using executor_type = Tcp::executor_type;
  using Handler = asio::any_completion_handler<void(error_code, std::size_t)>;

  // The first buffers of a longer sequence.
  class Source {
   public:
    template <class Buffers>
    explicit Source(const Buffers& buffers) {
      for (auto buffer = asio::buffer_sequence_begin(buffers);
           buffer != asio::buffer_sequence_end(buffers) && size_ < buffers_.size(); ++buffer)
        buffers_.at(size_++) = asio::const_buffer(*buffer);
    }
    [[nodiscard]] const asio::const_buffer* begin() const { return buffers_.data(); }
    [[nodiscard]] const asio::const_buffer* end() const { return buffers_.data() + size_; }

   private:
    static constexpr std::size_t kMost = 16;
    std::array<asio::const_buffer, kMost> buffers_;
    std::size_t size_ = 0;
  };

  ByteStream() = default;
  virtual ~ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // The socket that all of it lies on.
  virtual Tcp& lowest_layer() = 0;
  executor_type get_executor() { return lowest_layer().get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, asio::mutable_buffer target) {
          start_reading(target, Handler(std::move(handler)));
        },
        token, first_of(buffers));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, Source source) { start_writing(source, Handler(std::move(handler))); }, token,
        Source(buffers));
  }

 protected:
  virtual void start_reading(asio::mutable_buffer target, Handler handler) = 0;
  virtual void start_writing(Source source, Handler handler) = 0;

 private:
  template <class Buffers>
  static asio::mutable_buffer first_of(const Buffers& buffers) {
    for (auto buffer = asio::buffer_sequence_begin(buffers); buffer != asio::buffer_sequence_end(buffers);
         ++buffer) {
      const asio::mutable_buffer target(*buffer);
      if (target.size() > 0) return target;
    }
    return {};
  }
};

std::unique_ptr<ByteStream> tcp_stream(ByteStream::Tcp socket);

}  // namespace ferry::net

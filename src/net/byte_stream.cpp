#include "net/byte_stream.hpp"

namespace ferry::net {
namespace {

class TcpStream final : public ByteStream {
 public:
  explicit TcpStream(Tcp socket) : socket_(std::move(socket)) {}

  Tcp& lowest_layer() override { return socket_; }

 protected:
  void start_reading(asio::mutable_buffer target, Handler handler) override {
    socket_.async_read_some(target, std::move(handler));
  }
  void start_writing(Source source, Handler handler) override {
    socket_.async_write_some(source, std::move(handler));
  }

 private:
  Tcp socket_;
};

}  // namespace

std::unique_ptr<ByteStream> tcp_stream(ByteStream::Tcp socket) {
  return std::make_unique<TcpStream>(std::move(socket));
}

}  // namespace ferry::net

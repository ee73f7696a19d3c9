// TLS as the client, on any other stream.
#pragma once

#include "base/result.hpp"
#include "net/byte_stream.hpp"
#include "net/tls.hpp"

#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/ssl/stream.hpp>

namespace ferry::net {

class TlsStream final : public ByteStream {
 public:
  // `trust` must outlive it.
  TlsStream(std::unique_ptr<ByteStream> below, const TlsTrust& trust);

  // The peer must prove to be `host`, a name or a literal address. `peer` is what a failure's hint calls it:
  // "endpoint", "proxy". Nothing is read or written before.
  Task<Result<>> shake_hands(std::string host, std::string_view peer);

  Tcp& lowest_layer() override { return below_->lowest_layer(); }

 protected:
  void start_reading(asio::mutable_buffer target, Handler handler) override;
  void start_writing(Source source, Handler handler) override;

 private:
  std::unique_ptr<ByteStream> below_;
  asio::ssl::stream<ByteStream&> tls_;
};

}  // namespace ferry::net

// HTTP/1.1 messages from bytes and to bytes, without a socket.
// A reader owns the message it is putting together; bounded by the limits given to it.
#pragma once

#include "net/http.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace ferry::net {

enum class ReadProgress { incomplete, complete, malformed, header_too_large, body_too_large };

// One request; whatever follows it in the buffer is left there.
class RequestReader {
 public:
  RequestReader(std::size_t max_header_bytes, std::size_t max_body_bytes);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Takes what it can from the front of `buffer`.
  ReadProgress take_from(std::string& buffer);
  [[nodiscard]] bool has_header() const;
  // Once it has: the request without its body.
  [[nodiscard]] HttpRequest head() const;
  // The header is complete, the body is not, and the peer waits for a word before it sends it.
  [[nodiscard]] bool waits_for_continue() const;
  // Once complete:
  [[nodiscard]] bool keeps_alive() const;
  [[nodiscard]] bool is_websocket_upgrade() const;
  HttpRequest request();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A response's header with all interim responses before it, and each trailer or chunk's line.
inline constexpr std::size_t kMaxResponseHeaderBytes = std::size_t{64} << 10U;

// One response; interim ones (100, 103) are passed over.
class ResponseReader {
 public:
  explicit ResponseReader(std::size_t max_body_bytes);
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  ReadProgress take_from(std::string& buffer);
  // The peer has closed: complete where the end of the connection is the end of the body.
  ReadProgress end();
  // Once complete:
  [[nodiscard]] bool keeps_alive() const;
  HttpResponse response();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The header that `request` needs beyond its own: Host from `authority`, Content-Length with a body.
std::string request_head(const HttpRequest& request, const std::string& authority);
// With Content-Length, Date and, unless `keeps_alive`, `Connection: close`.
std::string response_head(const HttpResponse& response, bool keeps_alive);

// Neither line ends nor other control characters, which would let a value become a header of its own.
bool is_safe_header(const std::string& name, const std::string& value);

}  // namespace ferry::net

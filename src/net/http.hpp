// An HTTP/1.1 request and response as values, for the client and the server alike.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::net {

// In order, names as written; look-ups ignore case.
using Headers = std::vector<std::pair<std::string, std::string>>;

// The first header of that name, or an empty view.
std::string_view find_header(const Headers& headers, std::string_view name);
std::size_t count_headers(const Headers& headers, std::string_view name);

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, as on the wire
  Headers headers;           // the client adds Host and Content-Length where they are missing
  std::string body;
  // Whether receiving it twice does no more than once: only then is it sent anew where a kept-alive
  // connection ends before the answer.
  bool is_repeatable = false;
};

struct HttpResponse {
  int status = 200;
  Headers headers;
  std::string body;
};

}  // namespace ferry::net

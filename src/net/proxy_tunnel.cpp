#include "net/proxy_tunnel.hpp"

#include "base/text.hpp"
#include "net/http_codec.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace ferry::net {
namespace {

constexpr std::size_t kMostHeadBytes = 16U << 10U;

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

}  // namespace

Task<Result<>> open_tunnel(ByteStream& stream, const Proxy& proxy, const Url& url) {
  const std::string authority = host_and_port(url.host, url.port);
  HttpRequest request{.method = "CONNECT", .target = authority, .headers = {}, .body = {}};
  if (!proxy.authorization.empty()) request.headers.emplace_back("Proxy-Authorization", proxy.authorization);
  const std::string head = request_head(request, authority);
  error_code error;
  co_await asio::async_write(stream, asio::buffer(head), asio::redirect_error(asio::use_awaitable, error));
  co_await throw_if_cancelled();
  std::string answer;
  std::size_t end = 0;
  if (!error) {
    end = co_await asio::async_read_until(stream, asio::dynamic_buffer(answer, kMostHeadBytes), "\r\n\r\n",
                                          asio::redirect_error(asio::use_awaitable, error));
    co_await throw_if_cancelled();
  }
  if (error == asio::error::not_found)
    co_return fail(FailureCode::unreachable,
                   fmt::format("its answer is longer than {} bytes", kMostHeadBytes));
  if (error) {
    co_return fail(FailureCode::unreachable, error.message(),
                   proxy.is_secure ? "" : "if it is spoken to over TLS, begin its URL with https://");
  }
  Result<> verdict = tunnel_verdict(answer);
  // Who comes through the tunnel speaks only when spoken to.
  if (verdict && end != answer.size()) co_return fail(FailureCode::unreachable, "its answer has too much");
  co_return verdict;
}

}  // namespace ferry::net

#include "net/http_codec.hpp"

#include "base/text.hpp"
#include "net/clock.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace ferry::net {
namespace {

namespace http = boost::beast::http;

template <class Parser>
ReadProgress take(Parser& parser, std::string& buffer) {
  if (buffer.empty()) return ReadProgress::incomplete;
  boost::system::error_code error;
  const std::size_t used = parser.put(boost::asio::buffer(std::as_const(buffer)), error);
  buffer.erase(0, used);
  if (error == http::error::header_limit) return ReadProgress::header_too_large;
  if (error == http::error::body_limit) return ReadProgress::body_too_large;
  if (error && error != http::error::need_more) return ReadProgress::malformed;
  return parser.is_done() ? ReadProgress::complete : ReadProgress::incomplete;
}

template <class Message>
Headers headers_of(const Message& message) {
  Headers headers;
  for (const auto& field : message) headers.emplace_back(field.name_string(), field.value());
  return headers;
}

void append_headers(std::string& text, const Headers& headers) {
  for (const auto& [name, value] : headers) text += fmt::format("{}: {}\r\n", name, value);
}

bool has_header(const Headers& headers, std::string_view name) {
  return count_headers(headers, name) > 0;
}

}  // namespace

struct RequestReader::State {
  http::request_parser<http::string_body> parser;
};

RequestReader::RequestReader(std::size_t max_header_bytes, std::size_t max_body_bytes)
    : state_(std::make_unique<State>()) {
  state_->parser.eager(true);
  state_->parser.header_limit(static_cast<std::uint32_t>(max_header_bytes));
  state_->parser.body_limit(max_body_bytes);
}

RequestReader::~RequestReader() = default;

ReadProgress RequestReader::take_from(std::string& buffer) {
  return take(state_->parser, buffer);
}

bool RequestReader::has_header() const {
  return state_->parser.is_header_done();
}

HttpRequest RequestReader::head() const {
  const auto& message = state_->parser.get();
  HttpRequest request;
  request.method = message.method_string();
  request.target = message.target();
  request.headers = headers_of(message);
  return request;
}

bool RequestReader::waits_for_continue() const {
  const auto& parser = state_->parser;
  return parser.is_header_done() && !parser.is_done() &&
         boost::beast::iequals(parser.get()[http::field::expect], "100-continue");
}

bool RequestReader::keeps_alive() const {
  return state_->parser.keep_alive();
}

bool RequestReader::is_websocket_upgrade() const {
  const auto& message = state_->parser.get();
  return state_->parser.upgrade() && http::token_list(message[http::field::upgrade]).exists("websocket");
}

HttpRequest RequestReader::request() {
  auto& message = state_->parser.get();
  HttpRequest request;
  request.method = message.method_string();
  request.target = message.target();
  request.headers = headers_of(message);
  request.body = std::move(message.body());
  return request;
}

struct ResponseReader::State {
  explicit State(std::size_t limit) : max_body_bytes(limit) { restart(); }

  void restart() {
    parser.emplace();
    parser->eager(true);
    parser->header_limit(kMaxResponseHeaderBytes);
    parser->body_limit(max_body_bytes);
  }

  std::size_t max_body_bytes;
  std::size_t bytes_so_far = 0;  // of interim responses, and of the one that counts
  std::optional<http::response_parser<http::string_body>> parser;
};

ResponseReader::ResponseReader(std::size_t max_body_bytes)
    : state_(std::make_unique<State>(max_body_bytes)) {}

ResponseReader::~ResponseReader() = default;

ReadProgress ResponseReader::take_from(std::string& buffer) {
  while (true) {
    const std::size_t before = buffer.size();
    const ReadProgress progress = take(*state_->parser, buffer);
    state_->bytes_so_far += before - buffer.size();
    // What the parser leaves is an unfinished line of a header, a trailer or a chunk's extensions.
    if (progress == ReadProgress::incomplete && buffer.size() > kMaxResponseHeaderBytes)
      return ReadProgress::header_too_large;
    if (progress != ReadProgress::complete) return progress;
    const unsigned status = state_->parser->get().result_int();
    if (status / 100 != 1 || status == 101) return progress;
    if (state_->bytes_so_far > kMaxResponseHeaderBytes) return ReadProgress::header_too_large;
    state_->restart();
  }
}

ReadProgress ResponseReader::end() {
  auto& parser = *state_->parser;
  if (!parser.got_some()) return ReadProgress::incomplete;
  boost::system::error_code error;
  parser.put_eof(error);
  return error ? ReadProgress::incomplete : ReadProgress::complete;
}

bool ResponseReader::keeps_alive() const {
  return state_->parser->keep_alive();
}

HttpResponse ResponseReader::response() {
  auto& message = state_->parser->get();
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  response.headers = headers_of(message);
  response.body = std::move(message.body());
  return response;
}

std::string request_head(const HttpRequest& request, const std::string& authority) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
  if (!has_header(request.headers, "Host")) text += fmt::format("Host: {}\r\n", authority);
  append_headers(text, request.headers);
  const bool has_length =
      has_header(request.headers, "Content-Length") || (request.body.empty() && request.method == "GET");
  if (!has_length) text += fmt::format("Content-Length: {}\r\n", request.body.size());
  return text += "\r\n";
}

std::string response_head(const HttpResponse& response, bool keeps_alive) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\n", response.status, std::string_view(reason.data(), reason.size()));
  append_headers(text, response.headers);
  const bool may_have_body = response.status >= 200 && response.status != 204 && response.status != 304;
  if (may_have_body && !has_header(response.headers, "Content-Length")) {
    text += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  if (!has_header(response.headers, "Date")) {
    const std::time_t now = std::chrono::system_clock::to_time_t(wall_now());
    text += fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", fmt::gmtime(now));
  }
  if (!keeps_alive) text += "Connection: close\r\n";
  return text += "\r\n";
}

bool is_safe_header(const std::string& name, const std::string& value) {
  const auto is_control = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; };
  return !name.empty() && std::ranges::none_of(name, [&](char c) { return is_control(c) || c == ':'; }) &&
         std::ranges::none_of(value, is_control);
}

}  // namespace ferry::net

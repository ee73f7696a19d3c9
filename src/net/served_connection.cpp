#include "net/served_connection.hpp"

#include "base/text.hpp"
#include "net/clock.hpp"
#include "net/http_codec.hpp"
#include "net/websocket_upgrade.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace ferry::net {
namespace {

constexpr int kFirstRefusal = 400;
constexpr milliseconds kFarewellTime{1000};
constexpr std::size_t kFarewellBytes = std::size_t{4} << 20U;

HttpResponse text_response(int status, std::string text) {
  return HttpResponse{.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(text)};
}

HttpResponse refusal(ReadProgress progress) {
  if (progress == ReadProgress::header_too_large) {
    return text_response(431, "the request's header is too large\n");
  }
  if (progress == ReadProgress::body_too_large) {
    return text_response(413, "the request's body is too large\n");
  }
  return text_response(400, "this is not an HTTP/1.1 request\n");
}

struct ReadRequest {
  HttpRequest request;
  bool keeps_alive = false;
  bool is_upgrade = false;
};

class ServedConnection {
 public:
  ServedConnection(Loop& loop, std::unique_ptr<Connection> connection, const ServedBy& server)
      : loop_(loop),
        connection_(std::move(connection)),
        server_(server),
        limits_(server.limits),
        place_(server.peers.enter(steady_now(), [this] { give_up(); })) {}
  ~ServedConnection() { server_.peers.leave(place_); }
  ServedConnection(const ServedConnection&) = delete;
  ServedConnection& operator=(const ServedConnection&) = delete;

  Task<> serve();

 private:
  // Nothing where the connection has ended, or the request was refused.
  Task<std::optional<ReadRequest>> read_request();
  // What refuses it may come before its body.
  Task<ReadProgress> read_rest(RequestReader& reader, std::optional<HttpResponse>& refused);
  void give_up() {
    if (connection_) connection_->close();
  }
  // More bytes for the buffer; false at the end of the connection.
  Task<bool> read_more();
  Task<bool> answer(HttpResponse response, bool has_body, bool keeps_alive);
  Task<> become_websocket(HttpRequest request, WebSocketSession session);
  // The peer may still be sending what we refused: a reset would take the answer from it.
  Task<> part();

  Loop& loop_;
  std::unique_ptr<Connection> connection_;
  const ServedBy& server_;
  HttpServerLimits limits_;
  ServedPeers::Place place_;
  std::string buffer_;
};

Task<> ServedConnection::serve() {
  bool keeps_alive = true;
  while (keeps_alive) {
    std::optional<ReadRequest> read = co_await read_request();
    if (!read) co_return;
    const bool has_body = read->request.method != "HEAD";
    HttpRequest upgrade = read->is_upgrade ? read->request : HttpRequest{};
    HttpAnswer answered = co_await server_.handler(std::move(read->request));
    const auto* plain = std::get_if<HttpResponse>(&answered);
    server_.peers.answered(place_, plain == nullptr || plain->status < kFirstRefusal, steady_now());
    if (auto* session = std::get_if<WebSocketSession>(&answered)) {
      if (read->is_upgrade && buffer_.empty()) {
        co_await become_websocket(std::move(upgrade), std::move(*session));
        co_return;
      }
      answered = text_response(426, "this is for websockets only\n");
    }
    HttpResponse response = std::move(std::get<HttpResponse>(answered));
    keeps_alive =
        read->keeps_alive && !equals_ignoring_case(find_header(response.headers, "Connection"), "close");
    const bool is_sent = co_await answer(std::move(response), has_body, keeps_alive);
    if (!is_sent) co_return;
  }
  co_await part();
}

Task<bool> ServedConnection::read_more() {
  std::array<char, 16384> piece{};
  const Connection::ReadOutcome outcome = co_await connection_->read_some(piece);
  buffer_.append(piece.data(), outcome.count);
  server_.peers.keeps(place_, outcome.count);
  co_return outcome.count > 0;
}

Task<ReadProgress> ServedConnection::read_rest(RequestReader& reader, std::optional<HttpResponse>& refused) {
  const Deadline timer(loop_.reactor().context, limits_.request_timeout, [this] { connection_->close(); });
  bool has_said_continue = false;
  bool is_checked = false;
  ReadProgress progress = reader.take_from(buffer_);
  while (progress == ReadProgress::incomplete) {
    if (reader.has_header() && !std::exchange(is_checked, true)) refused = server_.check(reader.head());
    if (refused) break;
    if (reader.waits_for_continue() && !has_said_continue) {
      has_said_continue = true;
      const error_code error = co_await connection_->write("HTTP/1.1 100 Continue\r\n\r\n");
      if (error) break;
    }
    const bool has_more = co_await read_more();
    if (!has_more) break;
    progress = reader.take_from(buffer_);
  }
  co_return progress;
}

Task<std::optional<ReadRequest>> ServedConnection::read_request() {
  if (buffer_.empty()) {
    const Deadline timer(loop_.reactor().context, limits_.idle_timeout, [this] { connection_->close(); });
    const bool has_more = co_await read_more();
    if (!has_more) co_return std::nullopt;
  }
  RequestReader reader(limits_.max_header_bytes, limits_.max_body_bytes);
  std::optional<HttpResponse> refused;
  const ReadProgress progress = co_await read_rest(reader, refused);
  if (progress == ReadProgress::incomplete && !refused) co_return std::nullopt;
  if (progress != ReadProgress::complete) {
    HttpResponse response = refused ? std::move(*refused) : refusal(progress);
    const bool is_sent = co_await answer(std::move(response), true, false);
    if (is_sent) co_await part();
    co_return std::nullopt;
  }
  co_return ReadRequest{.request = reader.request(),
                        .keeps_alive = reader.keeps_alive(),
                        .is_upgrade = reader.is_websocket_upgrade()};
}

Task<bool> ServedConnection::answer(HttpResponse response, bool has_body, bool keeps_alive) {
  const bool is_safe = std::ranges::all_of(
      response.headers, [](const auto& header) { return is_safe_header(header.first, header.second); });
  if (!is_safe) response = text_response(500, "the answer held a control character in a header\n");
  const Deadline timer(loop_.reactor().context, limits_.idle_timeout, [this] { connection_->close(); });
  std::string message = response_head(response, keeps_alive);
  if (has_body) message += response.body;
  const error_code error = co_await connection_->write(message);
  co_return !error;
}

Task<> ServedConnection::become_websocket(HttpRequest request, WebSocketSession session) {
  Result<WebSocket> websocket =
      co_await accept_websocket(loop_, std::move(connection_), std::move(request), WebSocketLimits{});
  if (!websocket) co_return;
  co_await session(std::move(*websocket));
}

Task<> ServedConnection::part() {
  connection_->end_writing();
  const Deadline timer(loop_.reactor().context, kFarewellTime, [this] { connection_->close(); });
  std::array<char, 16384> piece{};
  std::size_t total = 0;
  while (total < kFarewellBytes) {
    const Connection::ReadOutcome outcome = co_await connection_->read_some(piece);
    if (outcome.count == 0) break;
    total += outcome.count;
  }
}

}  // namespace

Task<> serve_connection(Loop& loop, std::unique_ptr<Connection> connection, const ServedBy& server) {
  ServedConnection served(loop, std::move(connection), server);
  co_await served.serve();
}

}  // namespace ferry::net

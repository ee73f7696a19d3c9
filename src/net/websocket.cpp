#include "net/websocket.hpp"

#include "base/text.hpp"
#include "base/version.hpp"
#include "net/clock.hpp"
#include "net/connection.hpp"
#include "net/websocket_upgrade.hpp"
#include "wire/json_object.hpp"

#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/buffered_read_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <fmt/format.h>

namespace ferry::net {

namespace beast = boost::beast;

// How Beast ends our kind of stream: found by argument-dependent look-up.
void beast_close_socket(Connection& connection) {
  connection.close();
}

// Fewer reads of the network than messages.
using BufferedConnection = beast::buffered_read_stream<Connection&, beast::flat_buffer>;

template <class Handler>
void async_teardown(beast::role_type, BufferedConnection& connection, Handler&& handler) {
  asio::post(connection.get_executor(),
             beast::bind_front_handler(std::forward<Handler>(handler), error_code()));
}

namespace {

using Stream = beast::websocket::stream<BufferedConnection, false>;

constexpr std::size_t kMaxPingBytes = 125;  // RFC 6455 section 5.5

// What is read from the network at once, and how many of the messages in it are unpacked before anybody asks.
constexpr std::size_t kReadBytes = std::size_t{16} << 10U;
constexpr std::size_t kMaxReadAhead = 32;

enum class OutgoingKind { messages, ping };

// Something to be sent in its turn, and what became of it.
struct Outgoing {
  OutgoingKind kind = OutgoingKind::messages;
  std::vector<WebSocketMessage> messages;  // one, where it is a ping
  std::size_t written = 0;                 // of the messages

  [[nodiscard]] bool is_sent() const { return written == messages.size(); }
};

// The opening of either role, kept until Beast is done with it.
struct Opening {
  explicit Opening(Loop& loop) : waiter(std::make_shared<WaitList>(loop.reactor().context)) {}

  std::shared_ptr<WaitList> waiter;
  bool is_done = false;
  error_code error;
  beast::websocket::request_type request;    // the server's
  beast::websocket::response_type response;  // the client's
};

std::string reason_of(const error_code& error, const beast::websocket::close_reason& reason) {
  if (error != beast::websocket::error::closed) return error.message();
  return fmt::format("the peer closed it with code {}", reason.code);
}

// Of what a peer says of its refusal: a page of HTML is no message.
constexpr std::size_t kMaxMessageBytes = 500;

// "com.amazonaws.ssm#AccessDeniedException:http://..." is AccessDeniedException.
std::string error_name(std::string_view type) {
  if (const std::size_t hash = type.rfind('#'); hash != std::string_view::npos) type.remove_prefix(hash + 1);
  return std::string(trim(type.substr(0, type.find(':'))));
}

// What the answer says in AWS's manner: the error in a header or in the body's __type, and its message.
void take_answer(const beast::websocket::response_type& response, Failure& failure) {
  const beast::string_view named = response["x-amzn-ErrorType"];
  failure.service_code = error_name({named.data(), named.size()});
  const Result<boost::json::object> body = wire::parse_object(response.body(), "the answer");
  if (!body) return;
  if (failure.service_code.empty()) failure.service_code = error_name(wire::text_member(*body, "__type"));
  std::string message = wire::text_member(*body, "message");
  if (message.empty()) message = wire::text_member(*body, "Message");
  if (message.size() > kMaxMessageBytes) message = valid_utf8(message.substr(0, kMaxMessageBytes)) + "...";
  if (!failure.service_code.empty()) failure.what += fmt::format(": {}", failure.service_code);
  if (!message.empty()) failure.what += fmt::format(": {}", message);
}

Failure refused_opening(const Opening& opening) {
  Failure failure{.code = FailureCode::protocol,
                  .what = fmt::format("the websocket was not opened: {}", opening.error.message()),
                  .hint = {},
                  .service_code = {}};
  if (opening.error == beast::websocket::error::upgrade_declined) {
    const unsigned status = opening.response.result_int();
    failure.code = status == 401 || status == 403 ? FailureCode::denied : FailureCode::refused;
    failure.what = fmt::format("the websocket was refused with HTTP status {}", status);
    take_answer(opening.response, failure);
  } else if (opening.error.category() == boost::system::system_category() ||
             opening.error == asio::error::eof || opening.error == asio::ssl::error::stream_truncated) {
    failure.code = FailureCode::lost;
  }
  return failure;
}

}  // namespace

// Shared by the websocket and what Beast has under way. No coroutine waits inside Beast: the cancellation of
// a caller neither cuts a message that is being sent nor loses one that is being received.
struct WebSocket::State : std::enable_shared_from_this<State> {
  State(Loop& shared_loop, std::unique_ptr<Connection> taken, WebSocketLimits given);

  void start_reading();
  void write_next();
  void end(std::string reason);
  [[nodiscard]] Failure lost() const;

  static Task<Result<>> opened(std::shared_ptr<State> state, std::shared_ptr<Opening> opening,
                               milliseconds timeout);
  static Task<Result<WebSocketMessage>> receive(std::shared_ptr<State> state);
  static Task<Result<>> send(std::shared_ptr<State> state, Outgoing given);

  Loop& loop;
  WebSocketLimits limits;
  std::unique_ptr<Connection> connection;
  Stream stream;
  std::shared_ptr<WaitList> has_read;
  std::shared_ptr<WaitList> has_written;
  beast::flat_buffer buffer;
  std::deque<WebSocketMessage> received;
  Instant last_heard = steady_now();
  std::deque<std::shared_ptr<Outgoing>> queue;
  bool is_reading = false;
  bool is_writing = false;
  bool has_ended = false;
  std::string end_reason;
};

WebSocket::State::State(Loop& shared_loop, std::unique_ptr<Connection> taken, WebSocketLimits given)
    : loop(shared_loop),
      limits(given),
      connection(std::move(taken)),
      stream(*connection),
      has_read(std::make_shared<WaitList>(shared_loop.reactor().context)),
      has_written(std::make_shared<WaitList>(shared_loop.reactor().context)) {
  // What silence means is for the users to say: Beast's own time-outs stay off.
  stream.set_option(
      beast::websocket::stream_base::timeout{.handshake_timeout = beast::websocket::stream_base::none(),
                                             .idle_timeout = beast::websocket::stream_base::none(),
                                             .keep_alive_pings = false});
  stream.read_message_max(limits.max_message_bytes);
  stream.auto_fragment(false);
  stream.next_layer().capacity(kReadBytes);
  stream.next_layer().buffer().reserve(kReadBytes);  // it never reads more than it has room for
  stream.control_callback(
      [this](beast::websocket::frame_type, std::string_view) { last_heard = steady_now(); });
}

Failure WebSocket::State::lost() const {
  return Failure{.code = FailureCode::lost,
                 .what = fmt::format("the websocket has ended: {}", end_reason),
                 .hint = {},
                 .service_code = {}};
}

void WebSocket::State::end(std::string reason) {
  if (has_ended) return;
  has_ended = true;
  end_reason = std::move(reason);
  connection->close();
  has_read->wake_all();
  has_written->wake_all();
}

void WebSocket::State::start_reading() {
  is_reading = true;
  stream.async_read(buffer, [state = shared_from_this()](const error_code& error, std::size_t) {
    state->is_reading = false;
    if (error) {
      state->end(reason_of(error, state->stream.reason()));
      return;
    }
    state->last_heard = steady_now();
    const auto* data = static_cast<const std::uint8_t*>(state->buffer.data().data());
    if (!state->has_ended) {
      state->received.push_back(WebSocketMessage{.is_text = state->stream.got_text(),
                                                 .payload = Bytes(data, data + state->buffer.size())});
    }
    state->buffer.consume(state->buffer.size());
    state->has_read->wake_all();
    const bool has_more = state->stream.next_layer().buffer().size() > 0;
    if (has_more && !state->has_ended && state->received.size() < kMaxReadAhead) state->start_reading();
  });
}

void WebSocket::State::write_next() {
  if (is_writing || queue.empty() || has_ended) return;
  is_writing = true;
  const std::shared_ptr<Outgoing> next = queue.front();
  const WebSocketMessage& message = next->messages[next->written];
  const bool is_last = next->written + 1 == next->messages.size();
  if (is_last) queue.pop_front();
  connection->hold_writes(!is_last);
  auto on_written = [state = shared_from_this(), next](const error_code& error, std::size_t = 0) {
    state->is_writing = false;
    if (error) {
      state->end(error.message());
      return;
    }
    ++next->written;
    if (next->is_sent()) state->has_written->wake_all();
    state->write_next();
  };
  if (next->kind == OutgoingKind::ping) {
    const std::string_view payload = as_text(message.payload);
    stream.async_ping({payload.data(), payload.size()}, std::move(on_written));
    return;
  }
  stream.text(message.is_text);
  stream.async_write(asio::buffer(message.payload), std::move(on_written));
}

Task<Result<>> WebSocket::State::opened(std::shared_ptr<State> state, std::shared_ptr<Opening> opening,
                                        milliseconds timeout) {
  const WaitList::Outcome outcome = co_await WaitList::wait_until(opening->waiter, steady_now() + timeout);
  if (!opening->is_done) {
    state->end("it was not opened");
    if (outcome == WaitList::Outcome::deadline) {
      co_return fail(FailureCode::timed_out, "the websocket was not opened in time");
    }
  }
  co_await throw_if_cancelled();
  if (opening->error) co_return fail(refused_opening(*opening));
  co_return Result<>();
}

Task<Result<WebSocketMessage>> WebSocket::State::receive(std::shared_ptr<State> state) {
  co_await throw_if_cancelled();
  while (state->received.empty()) {
    if (state->has_ended) co_return fail(state->lost());
    if (!state->is_reading) state->start_reading();
    co_await WaitList::wait_until(state->has_read, Instant::max());
    co_await throw_if_cancelled();
  }
  WebSocketMessage message = std::move(state->received.front());
  state->received.pop_front();
  co_return message;
}

Task<Result<>> WebSocket::State::send(std::shared_ptr<State> state, Outgoing given) {
  co_await throw_if_cancelled();
  const std::size_t limit =
      given.kind == OutgoingKind::ping ? kMaxPingBytes : state->limits.max_message_bytes;
  for (const WebSocketMessage& message : given.messages) {
    if (message.payload.size() <= limit) continue;
    co_return fail(FailureCode::usage, fmt::format("a websocket message of {} bytes is over the limit of {}",
                                                   message.payload.size(), limit));
  }
  if (given.messages.empty()) co_return Result<>();
  auto outgoing = std::make_shared<Outgoing>(std::move(given));
  state->queue.push_back(outgoing);
  state->write_next();
  while (!outgoing->is_sent()) {
    if (state->has_ended) co_return fail(state->lost());
    co_await WaitList::wait_until(state->has_written, Instant::max());
    co_await throw_if_cancelled();
  }
  co_return Result<>();
}

WebSocket::WebSocket(std::shared_ptr<State> state) : state_(std::move(state)) {}

WebSocket::WebSocket(WebSocket&&) noexcept = default;

WebSocket& WebSocket::operator=(WebSocket&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::move(other.state_);
  }
  return *this;
}

WebSocket::~WebSocket() {
  close();
}

Task<Result<WebSocket>> WebSocket::connect(Loop& loop, const Network* network, Url url,
                                           WebSocketLimits limits, Headers headers) {
  const Instant deadline = steady_now() + limits.connect_timeout;
  Result<std::unique_ptr<Connection>> connection =
      co_await net::connect(loop, network, url, limits.connect_timeout);
  if (!connection) co_return fail(std::move(connection.error()));

  auto state = std::make_shared<State>(loop, std::move(*connection), limits);
  auto opening = std::make_shared<Opening>(loop);
  state->stream.set_option(beast::websocket::stream_base::decorator(
      [headers = std::move(headers)](beast::websocket::request_type& request) {
        request.set(beast::http::field::user_agent, fmt::format("ferry/{}", kVersion));
        for (const auto& [name, value] : headers) request.set(name, value);
      }));
  state->stream.async_handshake(opening->response, url.authority(), url.target,
                                [state, opening](const error_code& error) {
                                  opening->is_done = true;
                                  opening->error = error;
                                  opening->waiter->wake_all();
                                });
  Result<> opened = co_await State::opened(state, opening, deadline - steady_now());
  if (!opened) {
    const std::string context = fmt::format("cannot connect to {}://{}", url.scheme, url.authority());
    co_return fail(opened.error().in(context));
  }
  co_return WebSocket(std::move(state));
}

Task<Result<WebSocket>> accept_websocket(Loop& loop, std::unique_ptr<Connection> connection,
                                         HttpRequest request, WebSocketLimits limits) {
  auto state = std::make_shared<WebSocket::State>(loop, std::move(connection), limits);
  auto opening = std::make_shared<Opening>(loop);
  opening->request.method_string(request.method);
  opening->request.target(request.target);
  for (const auto& [name, value] : request.headers) opening->request.insert(name, value);
  state->stream.async_accept(opening->request, [state, opening](const error_code& error) {
    opening->is_done = true;
    opening->error = error;
    opening->waiter->wake_all();
  });
  Result<> opened = co_await WebSocket::State::opened(state, opening, limits.connect_timeout);
  if (!opened) co_return fail(std::move(opened.error()));
  co_return WebSocket(std::move(state));
}

Task<Result<WebSocketMessage>> WebSocket::receive() {
  return State::receive(state_);
}

Task<Result<>> WebSocket::send(WebSocketMessage message) {
  Outgoing outgoing;
  outgoing.messages.push_back(std::move(message));
  return State::send(state_, std::move(outgoing));
}

Task<Result<>> WebSocket::send(std::vector<WebSocketMessage> messages) {
  Outgoing outgoing;
  outgoing.messages = std::move(messages);
  return State::send(state_, std::move(outgoing));
}

Task<Result<>> WebSocket::ping(std::string_view payload) {
  Outgoing outgoing;
  outgoing.kind = OutgoingKind::ping;
  outgoing.messages.push_back({.is_text = false, .payload = to_bytes(payload)});
  return State::send(state_, std::move(outgoing));
}

Instant WebSocket::last_heard() const {
  return state_->last_heard;
}

void WebSocket::close() {
  if (!state_) return;
  state_->end("it was closed on this side");
  state_->received.clear();
}

}  // namespace ferry::net

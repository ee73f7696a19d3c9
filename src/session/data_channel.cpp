#include "session/data_channel.hpp"

#include "net/clock.hpp"
#include "net/websocket.hpp"
#include "sys/random.hpp"
#include "wire/client_session.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

namespace ferry::session {

namespace {

// Resends are due at most this much late: the ticker need not follow every change of the deadline.
constexpr milliseconds tick_interval{100};

// What may wait for a paused listener; agents with a send window stay far below it.
constexpr std::size_t max_kept_bytes = 1U << 20U;

// Of those that are due together, mostly acknowledgements, so many leave in one write.
constexpr std::size_t max_messages_at_once = 32;

wire::Nonce random_nonce() {
  wire::Nonce nonce{};
  std::ranges::copy(sys::random_bytes(nonce.size()), nonce.begin());
  return nonce;
}

wire::ClientSessionSettings settings_for(const Address& address, const Services& services) {
  const milliseconds wall_offset = net::wall_now().time_since_epoch() - net::steady_now().time_since_epoch();
  return {.session_id = address.session_id,
          .stamp = {.new_uuid = [] { return wire::uuid_from_random(sys::random_bytes(wire::Uuid{}.size())); },
                    .wall_offset = wall_offset},
          .limits = {},
          .new_nonce = services.generate_key ? wire::NonceSource(random_nonce) : nullptr};
}

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

}  // namespace

struct DataChannel::State {
  State(net::Loop& event_loop, const net::Network& network, Address address, Services around, Listener told,
        ConnectionTimes connection_times)
      : loop(event_loop),
        session_id(address.session_id),
        services(std::move(around)),
        listener(std::move(told)),
        times(connection_times),
        session(settings_for(address, services)),
        dialler(loop, network, std::move(address), services.door, services.renew_token, listener.on_unsigned,
                times),
        frames_wanted(loop),
        events_wanted(loop),
        timer_wanted(loop),
        key_wanted(loop),
        unpaused(loop),
        progress(loop),
        ended(loop) {
    unpaused.set();
  }

  net::Loop& loop;
  std::string session_id;
  Services services;
  Listener listener;
  ConnectionTimes times;
  wire::ClientSession session;
  Dialler dialler;
  std::optional<net::WebSocket> socket;
  std::optional<Instant> reading_since;  // what silence is counted from; nothing while nobody reads
  bool is_silent = false;                // the present connection was given up for it
  std::optional<Result<Closed>> outcome;
  Failure break_reason;                      // of the latest connection
  std::optional<Failure> end_of_connection;  // takes effect once all that came before is told
  std::optional<Failure> outage;             // why there is no connection at the moment
  bool is_outage_told = false;
  std::string wanted_key_id;
  std::optional<Failure> key_failure;

  net::Event frames_wanted;  // the core may have something to write
  net::Event events_wanted;  // ... or to tell
  net::Event timer_wanted;   // ... or a deadline
  net::Event key_wanted;
  net::Event unpaused;
  net::Event progress;  // there may be room for input, or the session has ended
  net::Event ended;

  void finish(Result<Closed> result) {
    if (outcome) return;
    outcome = std::move(result);
    ended.set();
    progress.set();
  }

  void wake_all() {
    frames_wanted.set();
    events_wanted.set();
    timer_wanted.set();
    progress.set();
  }

  [[nodiscard]] milliseconds longest_silence() const {
    return std::max(times.longest_silence, times.ping_interval * 5 / 2);
  }

  [[nodiscard]] Failure lost(const Failure& reason) const {
    return {.code = FailureCode::lost,
            .what = fmt::format("session {} is lost: {}", session_id, reason.what),
            .hint = reason.hint.empty() ? "the command may still be running in the container" : reason.hint,
            .service_code = reason.service_code};
  }

  void tell(wire::ClientEvent event);
  void tell_closed(const wire::client_event::Closed& closed);
  void tell_failed(const Failure& failure);
  void tell_connection();

  net::Task<> serve();
  net::Task<Result<>> resume();
  void use(Dialler::Connection connection);
  net::Task<> converse(net::TaskGroup& group);
  net::Task<Failure> read_messages();
  std::vector<net::WebSocketMessage> due_messages();
  net::Task<> write_frames();
  net::Task<> send_pings();
  net::Task<> watch_silence();
  net::Task<> tell_events();
  net::Task<> keep_time();
  net::Task<> fetch_key();
};

void DataChannel::State::tell(wire::ClientEvent event) {
  namespace told = wire::client_event;
  std::visit(Overloaded{[&](const told::Ready&) {
                          if (listener.on_ready) listener.on_ready();
                        },
                        [&](const told::Output& output) {
                          const auto kind =
                              output.is_standard_error ? StreamKind::standard_error : StreamKind::output;
                          if (listener.on_data) listener.on_data(kind, output.bytes);
                        },
                        [&](const told::ExitCode& exit_code) {
                          if (listener.on_exit_code) listener.on_exit_code(exit_code.value);
                        },
                        [&](const told::CustomerMessage& message) {
                          if (listener.on_customer_message) listener.on_customer_message(message.text);
                        },
                        [&](const told::KeyWanted& wanted) {
                          wanted_key_id = wanted.key_id;
                          key_wanted.set();
                        },
                        [&](const told::Closed& closed) { tell_closed(closed); },
                        [&](const told::Failed& failed) { tell_failed(failed.failure); }},
             event);
}

void DataChannel::State::tell_closed(const wire::client_event::Closed& closed) {
  // The agent ends a session whose key it does not get; why is ours to say.
  if (key_failure) return finish(fail(*key_failure));
  if (closed.lost_messages == 0) return finish(Closed{.output = closed.output});
  finish(fail(FailureCode::lost,
              fmt::format("session {} was closed before all of its output had come", session_id)));
}

void DataChannel::State::tell_failed(const Failure& failure) {
  const bool names_session = failure.code == FailureCode::lost;
  finish(fail(names_session ? failure : failure.in(fmt::format("session {}", session_id))));
}

// A break that was mended before anybody was told need not be told any more.
void DataChannel::State::tell_connection() {
  if (outage.has_value() == is_outage_told) return;
  is_outage_told = outage.has_value();
  if (outage && listener.on_connection_lost) listener.on_connection_lost(*outage);
  if (!outage && listener.on_connection_resumed) listener.on_connection_resumed();
}

// Opens the channel and then converses over one connection after the other until the session ends.
net::Task<> DataChannel::State::serve() {
  Result<Dialler::Connection> first = co_await dialler.connect();
  if (!first) {
    finish(fail(first.error().in(fmt::format("cannot open session {}", session_id))));
    co_return;
  }
  use(std::move(*first));
  while (true) {
    co_await net::with_children(loop, [this](net::TaskGroup& group) { return converse(group); });
    session.disconnect();
    if (outcome || session.is_closed()) co_return;
    const Result<> resumed = co_await resume();
    if (!resumed) {
      end_of_connection = resumed.error();
      events_wanted.set();
      co_return;
    }
  }
}

net::Task<Result<>> DataChannel::State::resume() {
  if (!dialler.can_reconnect()) co_return fail(lost(break_reason));
  outage = break_reason;
  events_wanted.set();
  Result<Dialler::Connection> connection = co_await dialler.reconnect();
  if (!connection) {
    Failure failure = connection.error();
    failure.what = fmt::format("{}, and it could not be resumed: {}", break_reason.what, failure.what);
    co_return fail(lost(failure));
  }
  use(std::move(*connection));
  outage.reset();
  co_return Result<>();
}

void DataChannel::State::use(Dialler::Connection connection) {
  socket = std::move(connection.socket);
  reading_since.reset();
  is_silent = false;
  session.connect(connection.token_value.reveal(), net::steady_now());
  wake_all();
}

// Returns when the connection is broken, the session is closed, or has its outcome.
net::Task<> DataChannel::State::converse(net::TaskGroup& group) {
  group.spawn(write_frames());
  group.spawn(send_pings());
  group.spawn(watch_silence());
  break_reason = co_await read_messages();
  if (is_silent) {
    break_reason.what =
        fmt::format("nothing was heard for {} s", std::chrono::duration<double>(longest_silence()).count());
  }
  socket->close();
}

net::Task<Failure> DataChannel::State::read_messages() {
  const Instant connected = net::steady_now();
  while (true) {
    if (session.kept_bytes() > max_kept_bytes) {
      reading_since.reset();
      co_await unpaused.wait();
    }
    if (!reading_since) reading_since = net::steady_now();
    const Result<net::WebSocketMessage> message = co_await socket->receive();
    if (net::steady_now() - connected >= times.settled_after) dialler.connection_is_good();
    if (!message) co_return message.error();
    const Result<> received = session.receive(message->payload, net::steady_now());
    if (!received) {
      finish(fail(received.error().in(fmt::format("session {}", session_id))));
      co_return received.error();
    }
    dialler.connection_is_good();
    wake_all();
  }
}

std::vector<net::WebSocketMessage> DataChannel::State::due_messages() {
  std::vector<net::WebSocketMessage> messages;
  while (messages.size() < max_messages_at_once) {
    std::optional<wire::Frame> frame = session.poll_frame(net::steady_now());
    if (!frame) break;
    messages.push_back({.is_text = frame->is_text, .payload = std::move(frame->payload)});
  }
  return messages;
}

net::Task<> DataChannel::State::write_frames() {
  while (true) {
    co_await frames_wanted.wait();
    frames_wanted.reset();
    while (true) {
      std::vector<net::WebSocketMessage> messages = due_messages();
      if (messages.empty()) break;
      const Result<> sent = co_await socket->send(std::move(messages));
      // The reader meets the end of the connection too, after what arrived before it.
      if (!sent) co_return;
      timer_wanted.set();
    }
  }
}

net::Task<> DataChannel::State::send_pings() {
  Result<> sent;
  while (sent) {
    co_await net::sleep_for(loop, times.ping_interval);
    sent = co_await socket->ping("keepalive");
  }
}

// A network that is gone says nothing: no answer to the pings does.
net::Task<> DataChannel::State::watch_silence() {
  while (true) {
    if (!reading_since) {
      co_await net::sleep_for(loop, longest_silence());
      continue;
    }
    const Instant deadline = std::max(socket->last_heard(), *reading_since) + longest_silence();
    if (net::steady_now() >= deadline) break;
    co_await net::sleep_until(loop, deadline);
  }
  is_silent = true;
  socket->close();
}

net::Task<> DataChannel::State::tell_events() {
  while (!outcome) {
    co_await events_wanted.wait();
    events_wanted.reset();
    while (unpaused.is_set() && !outcome) {
      std::optional<wire::ClientEvent> event = session.poll_event(net::steady_now());
      if (event) {
        tell(std::move(*event));
        continue;
      }
      tell_connection();
      if (end_of_connection) finish(fail(*end_of_connection));
      break;
    }
    // Taking an event makes its acknowledgement, and may let input go.
    frames_wanted.set();
    progress.set();
  }
}

net::Task<> DataChannel::State::fetch_key() {
  co_await key_wanted.wait();
  Result<wire::DataKey> key = co_await services.generate_key(wanted_key_id);
  if (key) {
    session.provide_key(std::move(*key), net::steady_now());
  } else {
    key_failure =
        key.error().in(fmt::format("cannot encrypt session {} with KMS key {}", session_id, wanted_key_id));
    session.refuse_key(key_failure->line(), net::steady_now());
  }
  wake_all();
}

net::Task<> DataChannel::State::keep_time() {
  while (true) {
    const std::optional<Instant> deadline = session.deadline();
    if (!deadline) {
      timer_wanted.reset();
      co_await timer_wanted.wait();
      continue;
    }
    const Instant next_tick = net::steady_now() + tick_interval;
    co_await net::sleep_until(loop, std::min(*deadline, next_tick));
    session.tick(net::steady_now());
    frames_wanted.set();
    events_wanted.set();
  }
}

DataChannel::DataChannel(net::Loop& loop, const net::Network& network, Address address, Services services,
                         Listener listener, ConnectionTimes times)
    : state_(std::make_unique<State>(loop, network, std::move(address), std::move(services),
                                     std::move(listener), times)) {}

DataChannel::~DataChannel() = default;

net::Task<Result<Closed>> DataChannel::run() {
  State& state = *state_;
  net::TaskGroup group(state.loop);
  std::exception_ptr cancellation;
  group.spawn(state.serve());
  group.spawn(state.tell_events());
  group.spawn(state.keep_time());
  group.spawn(state.fetch_key());
  try {
    co_await state.ended.wait();
  } catch (const boost::system::system_error&) {
    cancellation = std::current_exception();  // of this coroutine: its children are ended all the same
  }
  if (state.socket) state.socket->close();
  group.cancel();
  co_await group.join();
  state.finish(fail(FailureCode::cancelled, fmt::format("session {} was left", state.session_id)));
  if (cancellation) std::rethrow_exception(cancellation);
  co_return std::move(*state.outcome);
}

net::Task<Result<>> DataChannel::send_input(Bytes bytes) {
  State& state = *state_;
  BytesView rest = bytes;
  while (!state.outcome) {
    state.progress.reset();
    rest = rest.subspan(state.session.send_input(rest, net::steady_now()));
    state.frames_wanted.set();
    if (rest.empty()) co_return Result<>();
    co_await state.progress.wait();
  }
  co_return fail(FailureCode::lost, fmt::format("session {} has ended", state.session_id));
}

net::Task<> DataChannel::input_delivered() {
  State& state = *state_;
  while (!state.outcome && state.session.unacknowledged() > 0) {
    state.progress.reset();
    co_await state.progress.wait();
  }
}

void DataChannel::assume_ready() {
  state_->session.assume_ready();
  state_->wake_all();
}

void DataChannel::send_size(TerminalSize size) {
  state_->session.send_size(size);
  state_->frames_wanted.set();
}

void DataChannel::close() {
  state_->finish(fail(FailureCode::cancelled, fmt::format("session {} was left", state_->session_id)));
}

void DataChannel::pause() {
  state_->unpaused.reset();
}

void DataChannel::resume() {
  state_->unpaused.set();
  state_->events_wanted.set();
}

}  // namespace ferry::session

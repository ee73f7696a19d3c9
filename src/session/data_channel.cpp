#include "session/data_channel.hpp"

#include "net/clock.hpp"
#include "net/url.hpp"
#include "net/websocket.hpp"
#include "sys/random.hpp"
#include "wire/client_session.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

namespace ferry::session {

namespace {

// Resends are due at most this much late: the ticker need not follow every change of the deadline.
constexpr milliseconds tick_interval{100};

// What may wait for a paused listener; agents with a send window stay far below it.
constexpr std::size_t max_kept_bytes = 1U << 20U;

// The service expects one at least every five minutes; proxies on the way drop idle connections sooner.
constexpr milliseconds ping_interval{60'000};

wire::ClientSessionSettings settings_for(const Address& address) {
  const milliseconds wall_offset = net::wall_now().time_since_epoch() - net::steady_now().time_since_epoch();
  return {.session_id = address.session_id,
          .stamp = {.new_uuid = [] { return wire::uuid_from_random(sys::random_bytes(wire::Uuid{}.size())); },
                    .wall_offset = wall_offset},
          .limits = {}};
}

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

}  // namespace

struct DataChannel::State {
  State(net::Loop& event_loop, const net::TlsTrust& tls_trust, Address target, Services around, Listener told)
      : loop(event_loop),
        trust(tls_trust),
        address(std::move(target)),
        services(std::move(around)),
        listener(std::move(told)),
        session(settings_for(address)),
        frames_wanted(loop),
        events_wanted(loop),
        timer_wanted(loop),
        unpaused(loop),
        progress(loop),
        ended(loop) {
    unpaused.set();
  }

  net::Loop& loop;
  const net::TlsTrust& trust;
  Address address;
  Services services;
  Listener listener;
  wire::ClientSession session;
  std::optional<net::WebSocket> socket;
  std::optional<Result<Closed>> outcome;
  std::optional<Failure> end_of_connection;  // takes effect once all that came before is told

  net::Event frames_wanted;  // the core may have something to write
  net::Event events_wanted;  // ... or to tell
  net::Event timer_wanted;   // ... or a deadline
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

  [[nodiscard]] Failure lost(const Failure& reason) const {
    return {.code = FailureCode::lost,
            .what = fmt::format("session {} is lost: {}", address.session_id, reason.what),
            .hint = "the command may still be running in the container",
            .service_code = {}};
  }

  void tell(wire::ClientEvent event);
  void tell_closed(const wire::client_event::Closed& closed);

  net::Task<> serve(net::TaskGroup& group);
  net::Task<> read_messages();
  net::Task<> write_frames();
  net::Task<> tell_events();
  net::Task<> keep_time();
  net::Task<> keep_alive();
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
                        [&](const told::Closed& closed) { tell_closed(closed); },
                        [&](const told::Failed& failed) { finish(fail(failed.failure)); }},
             event);
}

void DataChannel::State::tell_closed(const wire::client_event::Closed& closed) {
  if (closed.lost_messages == 0) return finish(Closed{.output = closed.output});
  finish(fail(FailureCode::lost,
              fmt::format("session {} was closed before all of its output had come", address.session_id)));
}

// Opens the channel and then reads until the connection or the session ends.
net::Task<> DataChannel::State::serve(net::TaskGroup& group) {
  const std::string context = fmt::format("cannot open session {}", address.session_id);
  const Result<net::Url> url = net::parse_url(address.stream_url);
  if (!url) {
    finish(fail(url.error().in(context)));
    co_return;
  }
  Result<net::WebSocket> connected = co_await net::WebSocket::connect(loop, &trust, *url);
  if (!connected) {
    finish(fail(connected.error().in(context)));
    co_return;
  }
  socket = std::move(*connected);
  session.connect(address.token_value, net::steady_now());
  wake_all();
  group.spawn(write_frames());
  group.spawn(tell_events());
  group.spawn(keep_time());
  group.spawn(keep_alive());
  co_await read_messages();
}

net::Task<> DataChannel::State::read_messages() {
  while (!outcome) {
    if (session.kept_bytes() > max_kept_bytes) co_await unpaused.wait();
    const Result<net::WebSocketMessage> message = co_await socket->receive();
    if (!message) {
      end_of_connection = lost(message.error());
      events_wanted.set();
      co_return;
    }
    const Result<> received = session.receive(message->payload, net::steady_now());
    if (!received) {
      finish(fail(received.error().in(fmt::format("session {}", address.session_id))));
      co_return;
    }
    wake_all();
  }
}

net::Task<> DataChannel::State::write_frames() {
  while (true) {
    co_await frames_wanted.wait();
    frames_wanted.reset();
    while (std::optional<wire::Frame> frame = session.poll_frame(net::steady_now())) {
      const Result<> sent =
          co_await socket->send({.is_text = frame->is_text, .payload = std::move(frame->payload)});
      // The reader meets the end of the connection too, after what arrived before it.
      if (!sent) co_return;
      timer_wanted.set();
    }
  }
}

net::Task<> DataChannel::State::tell_events() {
  while (!outcome) {
    co_await events_wanted.wait();
    events_wanted.reset();
    while (unpaused.is_set() && !outcome) {
      std::optional<wire::ClientEvent> event = session.poll_event(net::steady_now());
      if (event) {
        tell(std::move(*event));
      } else if (end_of_connection) {
        finish(fail(*end_of_connection));
      } else {
        break;
      }
    }
    // Taking an event makes its acknowledgement, and may let input go.
    frames_wanted.set();
    progress.set();
  }
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

net::Task<> DataChannel::State::keep_alive() {
  Result<> sent;
  while (sent) {
    co_await net::sleep_for(loop, ping_interval);
    sent = co_await socket->ping("keepalive");
  }
}

DataChannel::DataChannel(net::Loop& loop, const net::TlsTrust& trust, Address address, Services services,
                         Listener listener)
    : state_(std::make_unique<State>(loop, trust, std::move(address), std::move(services),
                                     std::move(listener))) {}

DataChannel::~DataChannel() = default;

net::Task<Result<Closed>> DataChannel::run() {
  State& state = *state_;
  net::TaskGroup group(state.loop);
  std::exception_ptr cancellation;
  group.spawn(state.serve(group));
  try {
    co_await state.ended.wait();
  } catch (const boost::system::system_error&) {
    cancellation = std::current_exception();  // of this coroutine: its children are ended all the same
  }
  if (state.socket) state.socket->close();
  group.cancel();
  co_await group.join();
  state.finish(fail(FailureCode::cancelled, fmt::format("session {} was left", state.address.session_id)));
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
  co_return fail(FailureCode::lost, fmt::format("session {} has ended", state.address.session_id));
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
  state_->finish(
      fail(FailureCode::cancelled, fmt::format("session {} was left", state_->address.session_id)));
}

void DataChannel::pause() {
  state_->unpaused.reset();
}

void DataChannel::resume() {
  state_->unpaused.set();
  state_->events_wanted.set();
}

}  // namespace ferry::session

#include "feature/session_plugin.hpp"

#include "base/printable.hpp"
#include "feature/output_stream.hpp"
#include "feature/session_plugin_services.hpp"
#include "net/clock.hpp"
#include "net/descriptor.hpp"
#include "sys/tty.hpp"

#include <csignal>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr int kExitUnknown = 255;

// A command that reads first says nothing that would tell that it is there. Agents begin to show output about
// a second after a session's start.
constexpr milliseconds kSilentStart{2'500};

// What the stock plugin says where standard output is no terminal.
constexpr session::TerminalSize kSizeWithoutTerminal{.columns = 300, .rows = 100};

session::TerminalSize current_size() {
  const std::optional<sys::WindowSize> size = sys::window_size(STDOUT_FILENO);
  if (!size) return kSizeWithoutTerminal;
  return {.columns = size->columns, .rows = size->rows};
}

// The byte that the remote terminal turns into the same signal.
std::uint8_t key_of(int signal_number) {
  constexpr std::uint8_t kInterrupt = 0x03, kQuit = 0x1c, kSuspend = 0x1a;
  if (signal_number == SIGQUIT) return kQuit;
  return signal_number == SIGTSTP ? kSuspend : kInterrupt;
}

class PluginSession {
 public:
  PluginSession(net::Loop& loop, const net::Network& network, PluginRequest request,
                aws::Environment environment)
      : loop_(loop),
        session_id_(request.address.session_id),
        output_(loop, STDOUT_FILENO, [this] { channel_.resume(); }),
        errors_(loop, STDERR_FILENO, [this] { channel_.resume(); }),
        ready_(loop),
        over_(loop),
        services_(loop, request, std::move(environment)),
        channel_(loop, network, std::move(request.address), services_.for_channel(), listener(),
                 connection_times(request.channel)) {}

  net::Task<Result<int>> run() {
    print(fmt::format("\nStarting session with SessionId: {}\n", session_id_));
    co_await net::with_children(loop_, [this](net::TaskGroup& group) { return watch(group); });
    terminal_.reset();
    co_return std::move(*status_);
  }

 private:
  session::Listener listener() {
    session::Listener listener;
    listener.on_ready = [this] { ready_.set(); };
    listener.on_data = [this](session::StreamKind kind, BytesView bytes) { take(kind, bytes); };
    listener.on_exit_code = [this](int code) { exit_code_ = code; };
    listener.on_customer_message = [this](const std::string& text) { print(shortened(text) + "\n"); };
    listener.on_connection_lost = [this](const Failure& reason) {
      is_connected_ = false;
      say(fmt::format("session {} is being resumed: {}", session_id_, reason.what));
    };
    listener.on_connection_resumed = [this] {
      is_connected_ = true;
      say(fmt::format("session {} goes on", session_id_));
    };
    listener.on_unsigned = [this](const Failure& reason) { say(unsigned_notice(reason)); };
    return listener;
  }

  net::Task<> watch(net::TaskGroup& group) {
    group.spawn(write(output_));
    group.spawn(write(errors_));
    group.spawn(serve());
    group.spawn(heed_signals());
    group.spawn(pass_keys());
    group.spawn(pass_size());
    group.spawn(pass_input());
    co_await over_.wait();
  }

  void conclude(Result<int> status) {
    if (status_) return;
    status_ = std::move(status);
    over_.set();
  }

  void print(const std::string& text) { output_.put(as_bytes(printable_lines(text))); }

  void say(const std::string& line) { errors_.put(as_bytes(fmt::format("ferry: {}\n", printable(line)))); }

  void take(session::StreamKind kind, BytesView bytes) {
    OutputStream& stream = kind == session::StreamKind::output ? output_ : errors_;
    stream.put(bytes);
    if (stream.is_full()) channel_.pause();
  }

  net::Task<> serve() {
    const Result<session::Closed> closed = co_await channel_.run();
    if (closed && closed->output.empty())
      print(fmt::format("\n\nExiting session with sessionId: {}.\n\n", session_id_));
    if (closed && !closed->output.empty())
      print(fmt::format("\n\nSessionId: {} : {}\n\n", session_id_, shortened(closed->output)));
    if (!closed) say(closed.error().line());
    const bool is_orderly = closed && closed->output.empty();
    pending_status_ = is_orderly ? exit_code_.value_or(0) : kExitUnknown;
    output_.finish();
    errors_.finish();
  }

  // The session's status counts once everything has been written.
  net::Task<> write(OutputStream& stream) {
    const Result<> written = co_await stream.run();
    if (!written) conclude(fail(written.error().in("cannot show the session's output")));
    if (++streams_written_ == 2) conclude(pending_status_);
  }

  // Signals that end us, whatever the connection does.
  net::Task<> heed_signals() {
    net::Signals signals(loop_, {SIGINT, SIGTERM, SIGHUP});
    while (true) {
      const int number = co_await signals.next();
      const bool is_key = number == SIGINT && ready_.is_set() && is_connected_;
      if (!is_key) conclude(128 + number);
    }
  }

  // Keys for the remote terminal where it has one, also while nobody has a terminal here.
  net::Task<> pass_keys() {
    net::Signals signals(loop_, {SIGINT, SIGQUIT, SIGTSTP});
    while (true) {
      const int number = co_await signals.next();
      if (!ready_.is_set()) {
        conclude(128 + number);
        co_return;
      }
      const Result<> sent = co_await channel_.send_input({key_of(number)});
      if (!sent) co_return;
    }
  }

  net::Task<> pass_size() {
    net::Signals changes(loop_, {SIGWINCH});
    while (true) {
      channel_.send_size(current_size());
      co_await changes.next();
    }
  }

  net::Task<> pass_input() {
    constexpr std::size_t kMaxInput = 1024;
    const bool is_ready = co_await ready_.wait_until(net::steady_now() + kSilentStart);
    if (!is_ready) channel_.assume_ready();
    if (sys::is_terminal(STDIN_FILENO)) {
      Result<sys::RawTerminal> raw = sys::RawTerminal::enter(STDIN_FILENO);
      if (raw) terminal_ = std::move(*raw);
    }
    net::Descriptor input(loop_, STDIN_FILENO);
    bool is_at_line_start = true;
    while (true) {
      Result<Bytes> bytes = co_await input.read_some(kMaxInput);
      const bool is_end = !bytes || bytes->empty();
      if (is_end) break;
      is_at_line_start = bytes->back() == '\n';
      const Result<> sent = co_await channel_.send_input(std::move(*bytes));
      if (!sent) co_return;
    }
    // The key that ends a terminal's input: at once at the start of a line, else the first one ends the line.
    constexpr std::uint8_t kEndOfInput = 0x04;
    if (!terminal_)
      co_await channel_.send_input(is_at_line_start ? Bytes{kEndOfInput} : Bytes{kEndOfInput, kEndOfInput});
  }

  net::Loop& loop_;
  std::string session_id_;
  OutputStream output_, errors_;
  net::Event ready_, over_;
  PluginServices services_;
  session::DataChannel channel_;
  std::optional<sys::RawTerminal> terminal_;
  bool is_connected_ = true;
  std::optional<int> exit_code_;
  int pending_status_ = kExitUnknown;
  int streams_written_ = 0;
  std::optional<Result<int>> status_;
};

}  // namespace

net::Task<Result<int>> run_plugin_session(net::Loop& loop, const net::Network& network, PluginRequest request,
                                          aws::Environment environment) {
  PluginSession session(loop, network, std::move(request), std::move(environment));
  Result<int> status = co_await session.run();
  co_return status;
}

}  // namespace ferry::feature

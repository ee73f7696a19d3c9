#include "feature/exec.hpp"

#include "aws/ecs.hpp"
#include "feature/exec_input.hpp"
#include "feature/exec_target.hpp"
#include "feature/output_stream.hpp"
#include "net/clock.hpp"
#include "net/loop.hpp"
#include "session/data_channel.hpp"
#include "sys/random.hpp"
#include "sys/tty.hpp"
#include "wire/exec_decoder.hpp"
#include "wire/exec_wrapper.hpp"

#include <csignal>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// For the service to say that the session is over, once we know how the command ended.
constexpr milliseconds kOrderlyEnd{500};
// For an interrupted command to end.
constexpr milliseconds kInterruptedEnd{1500};

constexpr std::string_view kHelp =
    "\r\nferry: ~. disconnects, ~~ types one ~, ~? shows this (each at the start of a line)\r\n";

session::TerminalSize size_of_terminal() {
  const std::optional<sys::WindowSize> size = sys::window_size(STDOUT_FILENO);
  if (!size) return {};
  return {.columns = size->columns, .rows = size->rows};
}

// One exec from look-up to result. Several coroutines watch for what ends it; the first conclusion counts.
class Exec {
 public:
  Exec(aws::Client& client, ExecRequest request)
      : client_(client),
        loop_(client.loop()),
        request_(std::move(request)),
        nonce_(sys::random_hex(16)),
        decoder_(nonce_),
        output_(loop_, STDOUT_FILENO, [this] { channel_->resume(); }),
        signals_(loop_, {SIGINT, SIGTERM, SIGHUP}),
        started_(loop_),
        concluded_(loop_),
        output_written_(loop_),
        channel_ended_(loop_) {}

  net::Task<Result<CommandResult>> run() {
    co_await net::with_children(loop_, [this](net::TaskGroup& group) { return watch(group); });
    terminal_.reset();
    co_return std::move(*result_);
  }

 private:
  net::Task<> watch(net::TaskGroup& group) {
    group.spawn(watch_signals());
    if (request_.time_limit) group.spawn(watch_time(net::steady_now() + *request_.time_limit));
    group.spawn(open_session(group));
    co_await concluded_.wait();
    co_await wind_down(group);
  }

  void conclude(Result<CommandResult> result) {
    if (result_) return;
    result_ = std::move(result);
    concluded_.set();
  }
  void conclude(Outcome outcome, std::string explanation, std::optional<int> exit_code = std::nullopt) {
    conclude(
        CommandResult{.outcome = outcome, .exit_code = exit_code, .explanation = std::move(explanation)});
  }

  // The API calls, and then the session beside the others.
  net::Task<> open_session(net::TaskGroup& group) {
    const Result<aws::ecs::ExecSession> opened = co_await execute_command();
    if (!opened) {
      conclude(Outcome::not_started, opened.error().line());
      co_return;
    }
    channel_.emplace(
        loop_, client_.trust(),
        session::Address{.session_id = opened->session_id,
                         .stream_url = opened->stream_url,
                         .token_value = opened->token_value},
        session::Listener{.on_ready = {},
                          .on_data = [this](session::StreamKind, BytesView bytes) { take_output(bytes); },
                          .on_exit_code = {},
                          .on_customer_message = {}});
    group.spawn(serve_channel());
    group.spawn(write_output());
    co_await started_.wait();
    if (request_.on_terminal) group.spawn(follow_size());
    if (request_.has_input) group.spawn(request_.on_terminal ? pass_keys() : pass_input());
  }

  net::Task<Result<aws::ecs::ExecSession>> execute_command() {
    const Result<std::vector<aws::ecs::Task>> tasks = co_await find_tasks(client_, request_.target);
    if (!tasks) co_return fail(tasks.error());
    const Result<ExecPlace> place = choose_place(request_.target, *tasks, request_.container);
    if (!place) co_return fail(place.error());
    place_ = *place;
    wire::ExecPlan plan{
        .nonce = nonce_, .command = request_.command, .has_input = request_.has_input, .terminal = {}};
    if (request_.on_terminal) {
      const session::TerminalSize size = size_of_terminal();
      plan.terminal =
          wire::ExecTerminal{.columns = size.columns, .rows = size.rows, .type = request_.terminal_type};
    }
    Result<aws::ecs::ExecSession> opened = co_await aws::ecs::execute_command(
        client_, place->cluster, place->task, place->container, wire::wrap_command(plan));
    if (!opened) {
      co_return fail(
          opened.error().in(fmt::format("cannot enter container {} of {}", place->container, place->task)));
    }
    co_return opened;
  }

  void take_output(BytesView bytes) {
    output_.put(decoder_.feed(bytes));
    if (decoder_.has_started() && !started_.is_set()) started_.set();
    if (decoder_.missing_tool()) {
      conclude(Outcome::not_started,
               fmt::format("the command was not started: container {} of {} has no {}, which -i needs",
                           place_.container, place_.task, *decoder_.missing_tool()));
    }
    if (decoder_.exit_code()) conclude(Outcome::exited, {}, decoder_.exit_code());
    if (output_.is_full()) channel_->pause();
  }

  net::Task<> serve_channel() {
    const Result<session::Closed> closed = co_await channel_->run();
    output_.put(decoder_.finish());
    channel_ended_.set();
    if (!closed) {
      conclude(decoder_.has_started() ? Outcome::lost : Outcome::unknown, closed.error().line());
      co_return;
    }
    conclude_without_exit_code(closed->output);
  }

  // channel_closed came, and no end frame before it.
  void conclude_without_exit_code(const std::string& output) {
    const std::string where = fmt::format("container {} of {}", place_.container, place_.task);
    const std::string_view said = trim(output.empty() ? decoder_.preamble() : output);
    Failure failure;
    if (decoder_.has_started()) {
      failure.what = fmt::format("the session in {} ended before the command's exit code came", where);
      failure.hint = "the outcome is unknown";
    } else {
      failure.what = fmt::format("the command did not start in {}", where);
      failure.hint = "ferry needs a POSIX shell (sh) in the image";
    }
    if (!said.empty()) failure.what += fmt::format(": {}", said);
    conclude(decoder_.has_started() ? Outcome::lost : Outcome::unknown, failure.line());
  }

  net::Task<> write_output() {
    const Result<> written = co_await output_.run();
    output_written_.set();
    if (written) co_return;
    // Counts more than what became of the command: its output did not arrive.
    result_ = fail(written.error().in("standard output"));
    concluded_.set();
  }

  net::Task<> pass_input() {
    const Result<> passed = co_await send_framed_input(loop_, STDIN_FILENO, *channel_);
    is_input_open_ = false;
    if (!passed) conclude(fail(passed.error()));
  }

  net::Task<> pass_keys() {
    Result<sys::RawTerminal> raw = sys::RawTerminal::enter(STDIN_FILENO);
    if (!raw) {
      conclude(fail(raw.error()));
      co_return;
    }
    terminal_ = std::move(*raw);
    const auto show_help = [] { fmt::print(stderr, "{}", kHelp); };
    const Result<bool> typed = co_await send_typed_input(loop_, STDIN_FILENO, *channel_, show_help);
    if (!typed) {
      conclude(fail(typed.error()));
    } else if (*typed) {
      conclude(Outcome::unknown, "disconnected: the outcome of the command is unknown");
    }
  }

  net::Task<> follow_size() {
    net::Signals changes(loop_, {SIGWINCH});
    while (true) {
      channel_->send_size(size_of_terminal());
      co_await changes.next();
    }
  }

  net::Task<> watch_signals() {
    const int number = co_await signals_.next();
    conclude(Outcome::interrupted, fmt::format("interrupted by {}", number == SIGINT    ? "SIGINT"
                                                                    : number == SIGTERM ? "SIGTERM"
                                                                                        : "SIGHUP"));
    // Once more: no more waiting.
    co_await signals_.next();
    output_written_.set();
    channel_ended_.set();
  }

  net::Task<> watch_time(Instant deadline) {
    co_await net::sleep_until(loop_, deadline);
    conclude(Outcome::timeout, fmt::format("timed out after {} s",
                                           std::chrono::duration<double>(*request_.time_limit).count()));
  }

  [[nodiscard]] bool is_ended_by_us() const {
    if (!*result_) return true;
    const Outcome outcome = (*result_)->outcome;
    return outcome == Outcome::interrupted || outcome == Outcome::timeout;
  }

  // The result is known. What the command wrote reaches our reader, however slow it is, unless it was we who
  // ended it; the session gets a moment to end in order.
  net::Task<> wind_down(net::TaskGroup& group) {
    if (!channel_) co_return;
    // The wrapper waits for the end of the input of a command that did not.
    const bool is_wrapper_left = (*result_) && (*result_)->outcome == Outcome::exited && request_.has_input &&
                                 !request_.on_terminal && is_input_open_;
    if (started_.is_set() && (is_ended_by_us() || is_wrapper_left)) group.spawn(interrupt_remote());
    if (is_ended_by_us()) {
      co_await channel_ended_.wait_until(net::steady_now() + kInterruptedEnd);
      output_.finish();
      co_await output_written_.wait_until(net::steady_now() + kOrderlyEnd);
    } else {
      output_.finish();
      co_await output_written_.wait();
      co_await channel_ended_.wait_until(net::steady_now() + kOrderlyEnd);
    }
  }

  net::Task<> interrupt_remote() { co_await channel_->send_input(to_bytes(wire::kInterruptKey)); }

  aws::Client& client_;
  net::Loop& loop_;
  ExecRequest request_;
  std::string nonce_;
  ExecPlace place_;
  wire::ExecDecoder decoder_;
  std::optional<session::DataChannel> channel_;
  OutputStream output_;
  net::Signals signals_;
  std::optional<sys::RawTerminal> terminal_;
  bool is_input_open_ = true;
  std::optional<Result<CommandResult>> result_;
  net::Event started_, concluded_, output_written_, channel_ended_;
};

}  // namespace

net::Task<Result<CommandResult>> exec(aws::Client& client, ExecRequest request) {
  Exec exec(client, std::move(request));
  Result<CommandResult> result = co_await exec.run();
  co_return result;
}

}  // namespace ferry::feature

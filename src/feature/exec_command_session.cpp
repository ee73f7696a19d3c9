#include "feature/exec_command_session.hpp"

#include "base/size.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"
#include "sys/random.hpp"
#include "sys/standard_streams.hpp"
#include "wire/exec_wrapper.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// For a slow agent: until something comes at all, and from then until the container is ready.
constexpr milliseconds kLongestSilence{60'000};
constexpr milliseconds kLongestPreparation{30'000};
// For the cluster's configuration, once the container waits for it.
constexpr milliseconds kLongestChoice{2'000};
// In the time after which the container takes us for dead.
constexpr int kSignsOfLife = 4;
// What may wait for the framing to be known.
constexpr std::size_t kMaxEarlyBytes = std::size_t{256} << 10U;

constexpr std::string_view kHelp =
    "~. disconnects, ~~ types one ~, ~? shows this (each at the start of a line)";

session::TerminalSize size_of_terminal() {
  const std::optional<sys::WindowSize> size = sys::window_size(STDOUT_FILENO);
  if (!size) return {};
  return {.columns = size->columns, .rows = size->rows};
}

session::Address address_of(const aws::ecs::ExecSession& opened) {
  return {
      .session_id = opened.session_id, .stream_url = opened.stream_url, .token_value = opened.token_value};
}

// A connection that has gone silent is noticed, and resumed, before its silence is taken for the program's.
wire::ExecLineTimes line_times(const session::ConnectionTimes& connection) {
  constexpr milliseconds kToResume{60'000};
  wire::ExecLineTimes times;
  times.give_up_after =
      std::max(times.give_up_after,
               std::max(connection.longest_silence, connection.ping_interval * 5 / 2) + kToResume);
  return times;
}

std::string missing_tools(const wire::ExecTier& tier) {
  return fmt::format("{}", fmt::join(tier.missing_tools, ", "));
}

}  // namespace

CommandSession::CommandSession(net::Loop& loop, const net::Network& network, ExecServices& services,
                               EndWatch& end, const ExecOptions& options, Wrapping wrapping)
    : loop_(loop),
      services_(services),
      end_(end),
      options_(options),
      is_wrapped_(wrapping != Wrapping::plain),
      is_wrapped_by_us_(wrapping == Wrapping::wrapped),
      has_input_(!std::holds_alternative<std::monostate>(options.input)),
      nonce_(sys::random_hex(16)),
      output_(
          loop, options, [this] { set_pushed_back(false); },
          [this](Failure failure) { fail_with(std::move(failure)); }, [this] { end_for_excess(); }),
      channel_(loop, network, address_of(services.opened()), services.for_channel(options.channel),
               session::Listener{
                   .on_ready = {},
                   .on_data = [this](session::StreamKind, BytesView bytes) { take(bytes); },
                   .on_exit_code = {},
                   .on_customer_message = {},
                   .on_connection_lost = [this](const Failure& failure) { lose_connection(failure.what); },
                   .on_connection_resumed = [this] { resume_connection(); },
                   .on_unsigned = [this](const Failure& reason) { say(unsigned_notice(reason)); }},
               connection_times(options.channel)),
      lines_(loop, channel_, line_times(connection_times(options.channel)), [this] { give_up_on_lines(); }),
      first_output_(loop),
      framing_known_(loop),
      ready_(loop),
      started_(loop),
      concluded_(loop),
      remote_changed_(loop),
      channel_ended_(loop),
      delivered_(loop) {
  result_.streams_merged = !is_wrapped_;
}

net::Task<Result<CommandResult>> CommandSession::run() {
  co_await net::with_children(loop_, [this](net::TaskGroup& group) { return attend(group); });
  terminal_.reset();
  if (failure_) co_return fail(*failure_);
  co_return complete_result();
}

net::Task<> CommandSession::attend(net::TaskGroup& group) {
  output_.start(group);
  group.spawn(serve_channel());
  group.spawn(lines_.run());
  group.spawn(watch_end());
  group.spawn(follow_command(group));
  if (is_wrapped_) {
    group.spawn(watch_beginning());
    group.spawn(ask_for_framing());
    group.spawn(choose_framing());
  }
  co_await concluded_.wait();
  co_await wind_down(group);
}

void CommandSession::conclude(Outcome outcome, std::string explanation) {
  if (concluded_.is_set()) return;
  result_.outcome = outcome;
  result_.explanation = std::move(explanation);
  result_.ended_at = net::wall_now();
  concluded_.set();
}

void CommandSession::conclude_before_start(Outcome otherwise, std::string explanation,
                                           std::optional<bool> retryable) {
  if (concluded_.is_set()) return;
  const bool is_certain = cannot_have_started();
  if (is_certain) result_.retryable = retryable;
  conclude(is_certain ? Outcome::not_started : otherwise, std::move(explanation));
}

// The command comes to run by the program alone, which was not sent.
bool CommandSession::cannot_have_started() const {
  return is_wrapped_by_us_ && !is_program_sent_;
}

// Counts more than what became of the command: its output did not arrive.
void CommandSession::fail_with(Failure failure) {
  if (!failure_) failure_ = std::move(failure);
  concluded_.set();
}

// Counts even where the command has ended: not all of its output is in the result.
void CommandSession::end_for_excess() {
  has_excess_ = true;
  if (!concluded_.is_set()) conclude(Outcome::unknown, {});
}

CommandResult CommandSession::complete_result() {
  const bool is_incomplete = result_.outcome == Outcome::exited || result_.outcome == Outcome::unknown;
  if (has_excess_ && is_incomplete) {
    const bool has_ended = std::exchange(result_.outcome, Outcome::unknown) == Outcome::exited;
    result_.exit_code.reset();
    result_.exit_code_source.reset();
    result_.explanation =
        fmt::format("more output than {}, the limit of what is kept{}{}", size_text(options_.capture_limit),
                    has_ended ? "" : ": the command was ended", result_.explanation);
  }
  result_.cluster = services_.cluster_name();
  result_.task = services_.opened().task_arn;
  result_.container = services_.opened().container_name;
  result_.standard_output = output_.take(wire::OutputStreamKind::standard_output);
  result_.standard_error = output_.take(wire::OutputStreamKind::standard_error);
  return std::move(result_);
}

// While nothing says how the output is framed, it waits.
void CommandSession::take(BytesView bytes) {
  first_output_.set();
  if (!is_wrapped_) {
    if (!started_.is_set()) {
      result_.started_at = net::wall_now();
      started_.set();
    }
    const Bytes text = options_.on_terminal ? Bytes(bytes.begin(), bytes.end()) : line_ends_.feed(bytes);
    output_.put(wire::OutputStreamKind::standard_output, text);
  } else if (decoder_) {
    decode(bytes);
  } else {
    early_.insert(early_.end(), bytes.begin(), bytes.end());
  }
  if (output_.is_full() || early_.size() > kMaxEarlyBytes) set_pushed_back(true);
}

// What the program says stands in its output: while that does not come, its silence means nothing.
void CommandSession::set_pushed_back(bool is_pushed_back) {
  is_pushed_back_ = is_pushed_back;
  if (is_pushed_back) {
    channel_.pause();
  } else {
    channel_.resume();
  }
  judge_silence();
}

void CommandSession::lose_connection(std::string_view why) {
  is_connected_ = false;
  judge_silence();
  say_of_connection(why);
}

void CommandSession::resume_connection() {
  is_connected_ = true;
  judge_silence();
  say_of_connection("it goes on");
}

void CommandSession::judge_silence() {
  if (is_pushed_back_ || !is_connected_) {
    lines_.hold();
  } else {
    lines_.release();
  }
}

void CommandSession::give_up_on_lines() {
  conclude(Outcome::unknown,
           fmt::format("what was sent to {} was not received there: the command's outcome is unknown",
                       services_.place()));
}

void CommandSession::decode(BytesView bytes) {
  decoder_->feed(bytes);
  while (std::optional<wire::ExecEvent> event = decoder_->poll_event()) {
    std::visit([this](const auto& told) { handle(told); }, *event);
  }
}

void CommandSession::handle(const wire::exec_event::Ready& ready) {
  // What is over already is not started any more.
  if (concluded_.is_set()) return;
  wire::ExecPlan plan;
  plan.nonce = nonce_;
  plan.exact = is_exact_;
  plan.has_input = has_input_;
  plan.longest_silence = options_.longest_silence;
  if (options_.on_terminal) {
    const session::TerminalSize size = size_of_terminal();
    plan.terminal =
        wire::ExecTerminal{.columns = size.columns, .rows = size.rows, .type = options_.terminal_type};
  }
  lines_.send_program(plan, ready.is_echoing);
  is_program_sent_ = true;
  ready_.set();
}

void CommandSession::handle(const wire::exec_event::Started& started) {
  tier_ = started.tier;
  lines_.started(tier_);
  result_.started_at = net::wall_now();
  result_.framing = is_exact_ ? UsedFraming::exact : UsedFraming::plain;
  result_.streams_merged = tier_.is_merged || options_.on_terminal;
  if (tier_.is_merged && !options_.on_terminal)
    say(fmt::format("stdout and stderr come merged, on stdout: the image has no {}", missing_tools(tier_)));
  started_.set();
}

void CommandSession::handle(const wire::exec_event::Refused& refused) {
  if (!concluded_.is_set()) result_.retryable = false;
  conclude(Outcome::not_started,
           fmt::format("the command was not started: the image of {} has no {}, which input (-i) needs",
                       services_.place(), refused.missing_tool));
}

void CommandSession::handle(const wire::exec_event::Output& output) {
  output_.put(output.stream, output.bytes);
}

void CommandSession::handle(const wire::exec_event::Received& received) {
  lines_.received(received);
}

void CommandSession::handle(const wire::exec_event::Wanted& wanted) {
  lines_.wanted(wanted);
}

void CommandSession::handle(const wire::exec_event::InputTaken&) {
  lines_.taken();
}

void CommandSession::handle(const wire::exec_event::InputClosed&) {
  if (input_) input_->closed();
}

void CommandSession::handle(const wire::exec_event::Ended& ended) {
  has_remote_ended_ = true;
  remote_changed_.set();
  if (concluded_.is_set()) return;
  result_.exit_code = ended.exit_code;
  result_.exit_code_source = ExitCodeSource::frame;
  conclude(Outcome::exited, {});
}

void CommandSession::handle(const wire::exec_event::Damaged& damaged) {
  conclude(Outcome::unknown,
           fmt::format("the session with {} was damaged on its way ({}): the command's outcome is unknown",
                       services_.place(), damaged.what));
}

net::Task<> CommandSession::serve_channel() {
  const Result<session::Closed> closed = co_await channel_.run();
  if (is_wrapped_ && !decoder_) begin_decoding();
  if (decoder_) {
    decoder_->finish();
    decode({});
  }
  output_.put(wire::OutputStreamKind::standard_output, line_ends_.finish());
  is_closed_in_order_ = closed.has_value();
  has_remote_ended_ = has_remote_ended_ || is_closed_in_order_;
  channel_ended_.set();
  remote_changed_.set();
  if (concluded_.is_set()) co_return;
  if (closed) {
    co_await explain_close(closed->output);
    co_return;
  }
  // Nobody has been where the session is: what wraps the command still waits for its program there.
  if (is_wrapped_ && closed.error().code == FailureCode::usage) {
    conclude(Outcome::not_started, closed.error().line());
    co_return;
  }
  co_await explain_loss(closed.error().line());
}

net::Task<> CommandSession::ask_for_framing() {
  is_exact_ = options_.framing == Framing::exact && !options_.on_terminal;
  if (options_.framing == Framing::automatic && !options_.on_terminal) {
    const bool is_unlogged = co_await services_.is_unlogged();
    if (!decoder_) is_exact_ = is_unlogged;
  }
  framing_known_.set();
}

net::Task<> CommandSession::choose_framing() {
  co_await first_output_.wait();
  co_await framing_known_.wait_until(net::steady_now() + kLongestChoice);
  if (!decoder_) begin_decoding();
  set_pushed_back(false);
}

void CommandSession::begin_decoding() {
  decoder_.emplace(nonce_, is_exact_);
  decode(std::exchange(early_, {}));
}

net::Task<> CommandSession::watch_end() {
  co_await end_.asked().wait();
  conclude(end_.outcome(), end_.explanation());
}

// A container that is never ready for the command.
net::Task<> CommandSession::watch_beginning() {
  const Instant latest = net::steady_now() + kLongestSilence;
  const bool is_talking = co_await first_output_.wait_until(latest);
  const bool is_ready =
      co_await ready_.wait_until(is_talking ? net::steady_now() + kLongestPreparation : latest);
  if (is_ready) {
    const bool has_started = co_await started_.wait_until(net::steady_now() + kLongestPreparation);
    if (!has_started)
      conclude(Outcome::unknown, fmt::format("{} did not start the command", services_.place()));
    co_return;
  }
  const std::string_view preamble = decoder_ ? trim(decoder_->preamble()) : std::string_view();
  const std::string_view never_ready = is_wrapped_by_us_ ? "got no shell ready for the command"
                                                         : "does not run a command made by `ferry wrap`";
  conclude_before_start(Outcome::unknown,
                        is_talking
                            ? fmt::format("{} {}{}{}", services_.place(), never_ready,
                                          preamble.empty() ? "" : "; it says: ", preamble)
                            : fmt::format("{} has not said anything in {} s", services_.place(),
                                          std::chrono::duration_cast<seconds>(kLongestSilence).count()),
                        true);
}

net::Task<> CommandSession::follow_command(net::TaskGroup& group) {
  co_await started_.wait();
  if (options_.on_terminal) {
    group.spawn(follow_size());
    if (has_input_) {
      group.spawn(pass_keys());
    } else {
      show_as_it_comes();
    }
    co_return;
  }
  if (!is_wrapped_) co_return;
  if (has_input_) group.spawn(pass_input());
  if (!tier_.is_quiet) co_return;
  if (options_.keep_alive_interval > milliseconds(0)) group.spawn(keep_alive());
  if (options_.longest_silence > seconds(0)) group.spawn(show_life());
}

net::Task<> CommandSession::pass_input() {
  input_.emplace(loop_, lines_);
  const Result<> passed = co_await input_->run(options_.input);
  if (!passed) fail_with(passed.error());
}

net::Task<> CommandSession::pass_keys() {
  const int* fd = std::get_if<int>(&options_.input);
  if (fd == nullptr) co_return;
  Result<sys::RawTerminal> raw = sys::RawTerminal::enter(*fd);
  if (!raw) {
    fail_with(raw.error());
    co_return;
  }
  terminal_ = std::move(*raw);
  const auto show_help = [] { sys::say_in_raw_mode(kHelp); };
  const Result<bool> typed = co_await send_typed_input(loop_, *fd, channel_, show_help);
  if (!typed) {
    fail_with(typed.error());
  } else if (*typed) {
    conclude(Outcome::unknown, "disconnected: the outcome of the command is unknown");
  }
}

// The remote terminal has already made CR LF of each line end.
void CommandSession::show_as_it_comes() {
  const int* shown_on = std::get_if<int>(&options_.standard_output);
  if (shown_on == nullptr || !sys::is_terminal(*shown_on)) return;
  Result<sys::RawTerminal> raw = sys::RawTerminal::enter(*shown_on, sys::RawPart::output);
  if (raw) {
    terminal_ = std::move(*raw);
  } else {
    fail_with(raw.error());
  }
}

net::Task<> CommandSession::follow_size() {
  net::Signals changes(loop_, {SIGWINCH});
  while (true) {
    channel_.send_size(size_of_terminal());
    co_await changes.next();
  }
}

net::Task<> CommandSession::keep_alive() {
  while (true) {
    co_await net::sleep_for(loop_, options_.keep_alive_interval);
    lines_.send(wire::exec_word::ping);
  }
}

net::Task<> CommandSession::show_life() {
  while (true) {
    co_await net::sleep_for(loop_, milliseconds(options_.longest_silence) / kSignsOfLife);
    lines_.send_alive();
  }
}

}  // namespace ferry::feature

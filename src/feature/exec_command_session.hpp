// One session with one command in it, from the connection to the result.
// Owns the session's connection and our terminal's raw mode; bounded by 60 s until the container is ready for
// the command, by the command's own life, and by some seconds to end it. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "feature/end_watch.hpp"
#include "feature/exec_input.hpp"
#include "feature/exec_output.hpp"
#include "feature/exec_services.hpp"
#include "feature/exec_session.hpp"
#include "feature/result.hpp"
#include "net/loop.hpp"
#include "net/network.hpp"
#include "session/data_channel.hpp"
#include "sys/tty.hpp"
#include "wire/exec_decoder.hpp"

#include <optional>
#include <string>

namespace ferry::feature {

inline EndConditions end_conditions(const ExecOptions& options) {
  return {.time_limit = options.time_limit,
          .began_at = options.began_at,
          .heeds_signals = options.heeds_signals,
          .caller = options.cancel};
}

// What the session's command string was made with. `unseen`: by wire::wrap_command(), as its opener says.
enum class Wrapping { wrapped, unseen, plain };

class CommandSession {
 public:
  // All references outlive run(); `end` runs beside it.
  CommandSession(net::Loop& loop, const net::Network& network, ExecServices& services, EndWatch& end,
                 const ExecOptions& options, Wrapping wrapping);

  // Once. A Failure is one of this machine.
  net::Task<Result<CommandResult>> run();

  // The session was closed with an error before a single byte came: nothing has run.
  [[nodiscard]] bool could_not_begin() const { return could_not_begin_; }
  // Because PATH does not lead to its program.
  [[nodiscard]] bool was_not_on_path() const { return was_not_on_path_; }

 private:
  net::Task<> attend(net::TaskGroup& group);

  // How the result comes to be known; the first conclusion counts.
  void conclude(Outcome outcome, std::string explanation);
  // Of a session in which the command was not seen to start: not_started where it cannot have, otherwise
  // `otherwise`.
  void conclude_before_start(Outcome otherwise, std::string explanation, std::optional<bool> retryable = {});
  [[nodiscard]] bool cannot_have_started() const;
  void fail_with(Failure failure);
  void end_for_excess();
  CommandResult complete_result();

  // What the session brings.
  void take(BytesView bytes);
  void decode(BytesView bytes);
  void handle(const wire::exec_event::Ready& ready);
  void handle(const wire::exec_event::Started& started);
  void handle(const wire::exec_event::Refused& refused);
  void handle(const wire::exec_event::Output& output);
  void handle(const wire::exec_event::Received& received);
  void handle(const wire::exec_event::Wanted& wanted);
  void handle(const wire::exec_event::InputTaken& taken);
  void handle(const wire::exec_event::InputClosed& closed);
  void handle(const wire::exec_event::Ended& ended);
  void handle(const wire::exec_event::Damaged& damaged);
  net::Task<> serve_channel();
  net::Task<> explain_close(std::string said);
  net::Task<> explain_loss(std::string what);
  net::Task<bool> explain_by_task();
  void set_pushed_back(bool is_pushed_back);
  void lose_connection(std::string_view why);
  void resume_connection();
  void judge_silence();
  void give_up_on_lines();
  void say(std::string_view line);
  void say_of_connection(std::string_view what);

  // What runs beside it.
  net::Task<> ask_for_framing();
  net::Task<> choose_framing();
  void begin_decoding();
  net::Task<> watch_end();
  net::Task<> watch_beginning();
  net::Task<> follow_command(net::TaskGroup& group);
  net::Task<> pass_input();
  net::Task<> pass_keys();
  void show_as_it_comes();
  net::Task<> follow_size();
  net::Task<> keep_alive();
  net::Task<> show_life();

  // The end (exec_wind_down.cpp).
  net::Task<> wind_down(net::TaskGroup& group);
  net::Task<> end_command(net::TaskGroup& group);
  net::Task<> take_leave(net::TaskGroup& group);
  net::Task<bool> is_over_within(milliseconds limit);
  net::Task<> hurry();
  net::Task<> give_up_writing();
  net::Task<> confirm_delivery();
  net::Task<> terminate();
  [[nodiscard]] bool is_ended_by_us() const;

  net::Loop& loop_;
  ExecServices& services_;
  EndWatch& end_;
  const ExecOptions& options_;
  bool is_wrapped_, is_wrapped_by_us_;
  bool has_input_;
  std::string nonce_;

  ExecOutput output_;
  session::DataChannel channel_;
  ControlLines lines_;
  std::optional<wire::ExecDecoder> decoder_;  // from the moment that the framing is known
  bool is_exact_ = false;
  Bytes early_;  // what came before that
  TerminalLineEnds line_ends_;
  std::optional<InputFeed> input_;
  std::optional<sys::RawTerminal> terminal_;
  wire::ExecTier tier_;
  bool is_program_sent_ = false;
  bool is_pushed_back_ = false, is_connected_ = true;
  bool could_not_begin_ = false, was_not_on_path_ = false;

  std::optional<Failure> failure_;
  bool has_excess_ = false;  // more output than is kept
  CommandResult result_;
  net::Event first_output_, framing_known_, ready_, started_, concluded_;
  net::Event remote_changed_;  // the command or the session has ended, or patience has
  net::Event channel_ended_, delivered_;
  bool has_remote_ended_ = false;
  bool is_closed_in_order_ = false;
};

}  // namespace ferry::feature

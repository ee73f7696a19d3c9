// Our input on its way to the remote command. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "feature/exec_session.hpp"
#include "net/loop.hpp"
#include "session/data_channel.hpp"
#include "wire/exec_decoder.hpp"
#include "wire/exec_lines.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace ferry::feature {

// The lines for the program (wire/exec_lines.hpp) on their way over the session. Bounded by what ExecLines
// keeps.
class ControlLines {
 public:
  // `on_given_up`: the program did not confirm what it was sent, and will not.
  ControlLines(net::Loop& loop, session::DataChannel& channel, wire::ExecLineTimes times,
               std::function<void()> on_given_up);

  void send_program(const wire::ExecPlan& plan, bool is_echoing);
  void send(std::string_view word);  // one of wire::exec_word
  void send_alive();
  void send_bytes(std::string bytes);  // as they are
  void send_chunk(BytesView bytes);
  void send_end_of_input();

  // What the program says.
  void started(const wire::ExecTier& tier);
  void received(const wire::exec_event::Received& received);
  void wanted(const wire::exec_event::Wanted& wanted);
  void taken();

  // While held, no time counts for the program's confirmations.
  void hold();
  void release();

  // Sends what comes, until the session ends or it is cancelled.
  net::Task<> run();
  // Until everything so far has been acknowledged, or the session has ended.
  net::Task<> delivered();
  // Until another chunk may be sent.
  net::Task<> room();

 private:
  void changed();

  session::DataChannel& channel_;
  std::function<void()> on_given_up_;
  wire::ExecLines lines_;
  net::Event changed_, idle_, room_;
};

// Standard input, a chunk at a time, while the program has room for one.
class InputFeed {
 public:
  InputFeed(net::Loop& loop, ControlLines& lines);

  // Sends everything of the source and then its end. Ends early, without a failure, when the command reads
  // no more; a failure is one of reading.
  net::Task<Result<>> run(const InputSource& source);
  void closed();  // InputClosed

 private:
  net::Task<Result<>> send_all(const InputSource& source);

  net::Loop& loop_;
  ControlLines& lines_;
  net::Event closed_;
};

// Sends what is typed on the terminal `fd`, key by key, until its end or the escape `~.`: true for the
// escape. `show_help` is called for `~?`.
net::Task<Result<bool>> send_typed_input(net::Loop& loop, int fd, session::DataChannel& channel,
                                         std::function<void()> show_help);

}  // namespace ferry::feature

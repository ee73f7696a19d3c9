// Our input on its way to the remote command. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "feature/exec_session.hpp"
#include "net/loop.hpp"
#include "session/data_channel.hpp"

#include <deque>
#include <functional>
#include <string>

namespace ferry::feature {

// The control lines for the program (wire/exec_wrapper.hpp), in order and never one inside another.
// Bounded by one chunk of input and a few short lines.
class ControlLines {
 public:
  ControlLines(net::Loop& loop, session::DataChannel& channel);

  void send(std::string lines);
  // Sends what comes, until the session ends or it is cancelled.
  net::Task<> run();
  // Until everything so far has been acknowledged, or the session has ended.
  net::Task<> delivered();

 private:
  session::DataChannel& channel_;
  net::Event changed_, idle_;
  std::deque<std::string> waiting_;
};

// Standard input, a chunk at a time: the next one is read when the program has taken the last.
class InputFeed {
 public:
  InputFeed(net::Loop& loop, ControlLines& lines, bool has_base64);

  // Sends everything of the source and then its end. Ends early, without a failure, when the command reads
  // no more; a failure is one of reading.
  net::Task<Result<>> run(const InputSource& source);
  void taken();   // InputTaken
  void closed();  // InputClosed

 private:
  net::Task<Result<>> send_all(const InputSource& source);

  net::Loop& loop_;
  ControlLines& lines_;
  bool has_base64_;
  net::Event taken_, closed_;
};

// Sends what is typed on the terminal `fd`, key by key, until its end or the escape `~.`: true for the
// escape. `show_help` is called for `~?`.
net::Task<Result<bool>> send_typed_input(net::Loop& loop, int fd, session::DataChannel& channel,
                                         std::function<void()> show_help);

}  // namespace ferry::feature

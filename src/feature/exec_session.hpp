// From an opened exec session to the command's result: what `ferry exec` and `ferry collect` share.
// Owns the session while it lasts; bounded by the session's own limits and the time limit. The loop's thread
// only.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "feature/channel_door.hpp"
#include "feature/result.hpp"
#include "net/loop.hpp"
#include "net/network.hpp"
#include "net/task.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <variant>

namespace ferry::feature {

// automatic: exact where the cluster's configuration says that exec sessions are not logged, else plain.
enum class Framing { automatic, plain, exact };

// Where output goes: a descriptor, a function that takes each piece at once, or a text that keeps it, up to
// ExecOptions::capture_limit.
using OutputSink = std::variant<int, std::function<void(BytesView)>, std::string*>;
// Where the command's input comes from: nowhere (it is empty), a descriptor, or these bytes.
using InputSource = std::variant<std::monostate, int, Bytes>;

struct ExecOptions {
  InputSource input;
  OutputSink standard_output = STDOUT_FILENO, standard_error = STDERR_FILENO;
  std::string mark;      // of the session's command line, see wire::wrap_command()
  bool capture = false;  // output goes into the result instead of the sinks
  // Bytes of both streams together that are kept; a command that writes more is ended, its outcome unknown.
  std::size_t capture_limit = kCaptureLimit;
  // The command gets a terminal; with input from a descriptor, that becomes raw for as long.
  bool on_terminal = false;
  std::string terminal_type;               // TERM for it
  std::optional<milliseconds> time_limit;  // to the command's end
  std::optional<Instant> began_at;         // what the time limit counts from; nothing: from now
  Framing framing = Framing::automatic;
  // Not on a terminal: how often a sign of life keeps a silent session open. Zero: never.
  milliseconds keep_alive_interval{5 * 60'000};
  // Not on a terminal: a command whose ferry has shown no life for so long (dead, or cut off) is ended in its
  // container. Zero: never; else at least 2 s, and longer than a broken connection takes to be resumed.
  seconds longest_silence{0};
  ChannelOptions channel;
  bool heeds_signals = true;                          // SIGINT, SIGTERM, SIGHUP, SIGQUIT end the command
  net::Event* cancel = nullptr;                       // so does this, where it is given
  std::function<void(std::string_view line)> notice;  // one thing that the user has to know now; may be empty
};

// The session that ExecuteCommand has just answered with, for a command from wire::wrap_command().
// `client`, or why there is none, is for what the session needs besides: the cluster's logging, a fresh
// token, a data key, a stop reason; without it each of these is done without. A Failure is one of this
// machine (our own standard streams); everything else is an outcome.
net::Task<Result<CommandResult>> collect(net::Loop& loop, const net::Network& network,
                                         Result<aws::Client*> client, aws::ecs::ExecSession opened,
                                         ExecOptions options);

}  // namespace ferry::feature

// How a command is run: what exec(), run() and collect() share.
#pragma once

#include <chrono>
#include <cstddef>
#include <ferry/result.hpp>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>

namespace ferry {

// An open file descriptor of the caller's, any kind. It is neither closed nor made non-blocking, and must
// stay open until the call returns.
struct Descriptor {
  int number = -1;
};

// The command's standard input: empty, these bytes, or what a descriptor gives up to its end.
using Input = std::variant<std::monostate, std::string, Descriptor>;

// Kept in the result, in memory as a whole, up to Options::capture_limit.
struct Captured {};
// Called with each piece as it comes, on the thread of the call. The view is valid during the call of the
// function only. While it blocks, the command's output waits, and with it the command. Must not throw.
using OutputFunction = std::function<void(std::string_view bytes)>;
// Where one of the command's two output streams goes; bytes of one stream stay in order.
using Output = std::variant<Captured, OutputFunction, Descriptor>;

struct Options {
  Input input;
  Output standard_output, standard_error;

  // From the call to the command's end; then the command is ended. Above zero, at most 365 days.
  std::optional<std::chrono::milliseconds> timeout;
  // request_stop() from any thread ends the remote command, and the call soon after (about 2 s at most).
  std::stop_token cancel;
  // SIGINT, SIGTERM, SIGHUP and SIGQUIT to this process do the same while the call lasts. For a program that
  // runs one command: signals are the whole process's.
  bool heeds_signals = false;

  // Bytes that Captured takes, both streams together. A command that writes more is ended: its outcome is
  // unknown, and the result holds what came before. Above zero.
  std::size_t capture_limit = std::size_t{64} << 20U;

  Framing framing = Framing::automatic;
  // How often a sign of life keeps a silent session from being ended as idle (after 20 minutes on AWS by
  // default); zero: never.
  std::chrono::milliseconds keep_alive_interval = std::chrono::minutes(5);

  // Sessions' websockets are not signed, although there are credentials. AWS may refuse them then.
  bool unsigned_channel = false;
  // How often a session's connection is shown to be alive, for the proxies on the way: 1 s to 5 min.
  std::chrono::milliseconds ping_interval = std::chrono::seconds(30);

  // Told what a person has to know now (one line, no line end), on the thread of the call: waiting for a
  // task, output merged, a connection resumed or unsigned. Must not throw.
  std::function<void(std::string_view line)> notice;

  // Which AWS, as the flags of those names; where empty, what the environment and ~/.aws say, as for the AWS
  // CLI.
  std::string region, profile, endpoint_url;
};

}  // namespace ferry

// Our standard input on its way to the remote command.
#pragma once

#include "base/result.hpp"
#include "net/loop.hpp"
#include "session/data_channel.hpp"

#include <functional>

namespace ferry::feature {

// Reads `fd` to its end and sends it in the wrapper's lines (wire/exec_wrapper.hpp), then the end of input.
// Ends early, without a failure, when the session has ended; a failure is one of reading.
net::Task<Result<>> send_framed_input(net::Loop& loop, int fd, session::DataChannel& channel);

// Sends what is typed on the terminal `fd`, key by key, until its end or the escape `~.`: true for the
// escape. `show_help` is called for `~?`.
net::Task<Result<bool>> send_typed_input(net::Loop& loop, int fd, session::DataChannel& channel,
                                         std::function<void()> show_help);

}  // namespace ferry::feature

// One call of the library on a loop of its own: from the caller's options to the result, with a way for
// another thread to give it up. Owns nothing beyond the call. The calling thread only, but for the stop
// token.
#pragma once

#include "aws/client.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"
#include "feature/exec_session.hpp"
#include "feature/result.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

#include <ferry/options.hpp>
#include <ferry/result.hpp>
#include <functional>
#include <memory>
#include <string>

namespace ferry::library {

// What the options say about AWS; `region` is where they name none and something else does.
aws::Flags connection_flags(const Options& options, const std::string& region);

// The clients of a process keep to AWS's rate limits together.
Result<std::unique_ptr<aws::Client>> connect(net::Loop& loop, const aws::Flags& flags);

// Makes the coroutine that does the work. Called once; what it refers to outlives run().
using Work = std::function<net::Task<Result<feature::CommandResult>>(feature::ExecOptions)>;

// A Failure, of the options or of the work, becomes outcome `failed`.
CommandResult run(net::Loop& loop, const Options& options, const Work& work);

}  // namespace ferry::library

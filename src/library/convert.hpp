// Between the public types of include/ferry and those of feature/. Pure.
#pragma once

#include "base/result.hpp"
#include "feature/exec_session.hpp"
#include "feature/result.hpp"

#include <ferry/options.hpp>
#include <ferry/result.hpp>
#include <string>

namespace ferry::library {

// What the caller wants to keep of the output, while the command runs.
struct Captures {
  std::string standard_output, standard_error;
};

// Checks the options and takes them over, but for `cancel`, whose waiting belongs to a loop. `captures` must
// outlive what is returned. Failure `usage` names what is out of range.
Result<feature::ExecOptions> exec_options(const Options& options, Captures& captures);

// `captures` are moved from, for the streams that `options` wants captured.
CommandResult public_result(feature::CommandResult result, const Options& options, Captures& captures);
// Outcome `failed`, with the failure's line.
CommandResult public_result(const Failure& failure);

// The other way, without the output, which may be large. `failed` becomes `unknown`.
feature::CommandResult feature_result_without_output(const CommandResult& result);

}  // namespace ferry::library

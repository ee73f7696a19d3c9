#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/result_output.hpp"
#include "feature/exec_response.hpp"
#include "sys/standard_streams.hpp"
#include "sys/tty.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <ferry/collect.hpp>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

struct CollectOptions {
  std::string input_path, output = "text", result_path, framing = "auto";
  aws::Flags flags;
  std::optional<milliseconds> timeout;
  std::optional<std::int64_t> unknown_exit_code;
  std::size_t capture_limit = Options().capture_limit;
};

Arguments describe(CollectOptions& options) {
  Arguments arguments("collect", "bring back the result of a command that an SDK's ExecuteCommand started");
  arguments.text("--input", "FILE", "send this file to the command as its standard input",
                 options.input_path);
  arguments.duration("--timeout", "DURATION", "end the command after this time (status 124)",
                     options.timeout);
  arguments.choice("--framing", {"auto", "plain", "exact"},
                   "output crosses as readable text, or encoded; auto asks the cluster", options.framing);
  arguments.choice("-o,--output", {"text", "json"}, "json: one object with output and outcome on stdout",
                   options.output);
  arguments.text("--result-file", "FILE", "write that object to a file as well", options.result_path);
  arguments.size(
      "--capture-limit", "SIZE",
      "with -o json: how much output is kept; a command that writes more is ended, outcome unknown "
      "(default: 64MiB)",
      options.capture_limit);
  arguments.integer("--unknown-exit-code", "N", 1, 255, "status for an unknown outcome instead of 255",
                    options.unknown_exit_code);
  describe_connection_flags(arguments, options.flags);
  arguments.epilogue(
      "Reads ExecuteCommand's response from standard input, as JSON (at most 1 MB); its `command` must come\n"
      "from `ferry wrap`. Once for each response, and soon after it. Works without credentials; with them a\n"
      "dropped connection is resumed and an encrypted session entered. The exit status is the command's;\n"
      "ferry's own are as for `ferry exec`.\n\n"
      "  ferry collect < response.json\n");
  return arguments;
}

Result<std::string> read_response() {
  if (sys::is_terminal(STDIN_FILENO))
    sys::write_to_stderr("ferry: reading ExecuteCommand's response, as JSON, from standard input\n");
  std::string text(feature::kMaxExecResponse + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), stdin));
  if (std::ferror(stdin) != 0) return fail(system_failure("collect: cannot read standard input", errno));
  return text;
}

Result<sys::UniqueFd> open_input(const std::string& path) {
  if (path == "-") {
    return fail(FailureCode::usage, "collect: --input cannot be standard input, which carries the response",
                "name a file, or a pipe as /dev/fd/3");
  }
  sys::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) return fail(system_failure(fmt::format("collect: cannot read {}", path), errno));
  return file;
}

Options library_options(const CollectOptions& options, const sys::UniqueFd& input) {
  Options translated;
  if (input.valid()) translated.input = Descriptor{input.get()};
  if (options.output != "json") {
    translated.standard_output = Descriptor{STDOUT_FILENO};
    translated.standard_error = Descriptor{STDERR_FILENO};
  }
  translated.timeout = options.timeout;
  translated.capture_limit = options.capture_limit;
  translated.heeds_signals = true;
  translated.framing = options.framing == "plain"   ? Framing::plain
                       : options.framing == "exact" ? Framing::exact
                                                    : Framing::automatic;
  translated.notice = [](std::string_view line) { sys::write_to_stderr(fmt::format("ferry: {}\n", line)); };
  translated.region = options.flags.region;
  translated.profile = options.flags.profile;
  translated.endpoint_url = options.flags.endpoint_url;
  return translated;
}

}  // namespace

Result<int> collect_command(Words words) {
  CollectOptions options;
  const Arguments arguments = describe(options);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  const Result<> result_path = check_result_path(options.result_path);
  if (!result_path) return fail(result_path.error());
  Result<sys::UniqueFd> input = options.input_path.empty() ? sys::UniqueFd() : open_input(options.input_path);
  if (!input) return fail(input.error());
  const Result<std::string> response = read_response();
  if (!response) return fail(response.error());

  const CommandResult result = collect(*response, library_options(options, *input));
  if (result.outcome == Outcome::failed)
    return fail(FailureCode::local_system, fmt::format("collect: {}", result.explanation));
  if (!result.explanation.empty()) sys::write_to_stderr(fmt::format("ferry: {}\n", result.explanation));
  const bool on_stdout = options.output == "json";
  if (on_stdout || !options.result_path.empty()) {
    const Result<> shown = show_result(to_json(result), on_stdout, options.result_path);
    if (!shown) return fail(shown.error());
  }
  return exit_status(result, static_cast<int>(options.unknown_exit_code.value_or(255)));
}

}  // namespace ferry::cli

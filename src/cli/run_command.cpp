#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/result_output.hpp"
#include "cli/run_flags.hpp"
#include "cli/run_output.hpp"
#include "feature/result_json.hpp"
#include "feature/run/run.hpp"

#include <csignal>
#include <utility>

namespace ferry::cli {
namespace {

constexpr int kDefaultUnknownExitCode = 255;

}  // namespace

Result<int> run_command(Words words) {
  RunFlags flags;
  const Arguments arguments = describe_run(flags);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  Result<feature::RunOptions> options = run_options(flags);
  if (!options) return fail(options.error());
  const Result<> result_path = check_result_path(flags.result_path);
  if (!result_path) return fail(result_path.error());

  // A reader that goes away is a failed write like any other, not the end of ferry before its task's.
  std::signal(SIGPIPE, SIG_IGN);
  net::Loop loop;
  const Result<std::unique_ptr<aws::Client>> client = connect(loop, flags.connection);
  if (!client) return fail(client.error());
  RunOutput output(flags.wants_json() ? RunOutput::Shown::nothing
                   : flags.detach     ? RunOutput::Shown::arn
                                      : RunOutput::Shown::log,
                   flags.all_containers);
  Result<feature::RunReport> report = loop.run(feature::run(**client, std::move(*options), output));
  output.finish();
  if (!report) return fail(report.error());
  feature::CommandResult& result = report->result;
  if (!result.explanation.empty()) output.notice(result.explanation);
  if (flags.wants_json() || !flags.result_path.empty()) {
    if (!flags.attach.attach) {
      if (flags.wants_json()) result.standard_output = output.take_log();
      result.streams_merged = true;
    }
    const Result<> shown =
        show_result(feature::result_json_line(result), flags.wants_json(), flags.result_path);
    if (!shown) return fail(shown.error());
  }
  const Result<> written = output.written();
  const int unknown = static_cast<int>(flags.unknown_exit_code.value_or(kDefaultUnknownExitCode));
  const int status = feature::exit_status(result, unknown);
  if (!written && status == 0) return fail(written.error());
  return status;
}

}  // namespace ferry::cli

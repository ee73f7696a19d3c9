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

#include <fmt/format.h>

namespace ferry::cli {
namespace {

constexpr int kDefaultUnknownExitCode = 255;

// What the reports of a run come to: JSON Lines, the exit status.
class Summary {
 public:
  Summary(const RunFlags& flags, RunOutput& output, bool names_tasks)
      : flags_(flags), output_(output), names_tasks_(names_tasks) {}

  void take(feature::RunReport report) {
    feature::CommandResult& result = report.result;
    if (!names_tasks_) output_.finish();
    explain(result);
    const int unknown = static_cast<int>(flags_.unknown_exit_code.value_or(kDefaultUnknownExitCode));
    if (status_ == 0) status_ = feature::exit_status(result, unknown);
    if (!flags_.wants_json() && flags_.result_path.empty()) return;
    if (!flags_.attach.attach) {
      if (flags_.wants_json()) result.standard_output = output_.take_log(report.task_arn);
      result.streams_merged = true;
    }
    const std::string json = feature::result_json_line(result);
    if (!flags_.result_path.empty()) lines_ += (lines_.empty() ? "" : "\n") + json;
    const Result<> shown = show_result(json, flags_.wants_json(), {});
    if (!shown && shown_) shown_ = shown;
  }

  // After the last report.
  Result<int> status() {
    if (shown_) shown_ = show_result(lines_, false, flags_.result_path);
    if (!shown_) return fail(shown_.error());
    const Result<> written = output_.written();
    if (!written && status_ == 0) return fail(written.error());
    return status_;
  }

 private:
  void explain(const feature::CommandResult& result) {
    if (result.explanation.empty()) return;
    const bool is_told_whose = !names_tasks_ || result.task.empty();
    output_.notice(is_told_whose ? result.explanation
                                 : fmt::format("task {}: {}", result.task.substr(result.task.rfind('/') + 1),
                                               result.explanation));
  }

  const RunFlags& flags_;
  RunOutput& output_;
  bool names_tasks_;
  int status_ = 0;  // of the first that was not 0
  std::string lines_;
  Result<> shown_;
};

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
  const bool names_tasks = options->count > 1;
  RunOutput output(flags.wants_json() ? RunOutput::Shown::nothing
                   : flags.detach     ? RunOutput::Shown::arn
                                      : RunOutput::Shown::log,
                   names_tasks, flags.all_containers);
  Summary summary(flags, output, names_tasks);
  loop.run(feature::run_several(**client, std::move(*options), output,
                                [&summary](feature::RunReport report) { summary.take(std::move(report)); }));
  output.finish();
  if (flags.attach.attach) {
    if (const std::string_view forgotten = forgotten_input(flags.attach.streams); !forgotten.empty())
      output.notice(forgotten);
  }
  return summary.status();
}

}  // namespace ferry::cli

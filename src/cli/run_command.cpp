#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/main.hpp"
#include "cli/result_output.hpp"
#include "cli/run_flags.hpp"
#include "cli/run_output.hpp"
#include "feature/result_json.hpp"
#include "feature/run/run.hpp"

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
    if (!output_.written() && result.logs) result.logs = feature::LogState::unavailable;
    const std::string json = feature::result_json_line(result);
    file_.add(json);
    if (flags_.wants_json()) output_.line(json);
  }

  // After the last report.
  Result<int> status() {
    const Result<> saved = file_.finish();
    if (!saved) return fail(saved.error());
    const Result<> written = output_.written();
    if (written) return status_;
    if (status_ == 0 && !output_.is_unheard()) return fail(written.error());
    output_.notice(written.error().line());
    return status_ == 0 ? kExitFailure : status_;
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
  ResultFile file_{flags_.result_path};
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

  net::Loop loop;
  Waiting waiting(loop, flags.timeout);
  const Result<std::unique_ptr<aws::Client>> client = connect(waiting, flags.connection);
  if (!client) return waiting.failed(client.error());
  options->began_at = waiting.began_at();
  const bool names_tasks = options->count > 1;
  RunOutput output(loop,
                   flags.wants_json() ? RunOutput::Shown::nothing
                   : flags.detach     ? RunOutput::Shown::arn
                                      : RunOutput::Shown::log,
                   names_tasks, flags.all_containers, flags.capture_limit);
  Summary summary(flags, output, names_tasks);
  loop.run(net::with_children(loop, [&](net::TaskGroup& group) {
    output.write_into(group);
    return feature::run_several(**client, std::move(*options), output,
                                [&summary](feature::RunReport report) { summary.take(std::move(report)); });
  }));
  output.writing_has_ended();
  output.finish();
  if (flags.attach.attach) {
    if (const std::string_view forgotten = forgotten_input(flags.attach.streams); !forgotten.empty())
      output.notice(forgotten);
  }
  return summary.status();
}

}  // namespace ferry::cli

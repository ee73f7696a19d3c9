#include "feature/exec.hpp"

#include "feature/exec_command_session.hpp"
#include "feature/exec_diagnosis.hpp"
#include "feature/exec_opening.hpp"
#include "feature/exec_refusal.hpp"
#include "feature/one_word_command.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"
#include "wire/exec_wrapper.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// For the cause of a refusal: a dozen calls, where all are answered some seconds.
constexpr milliseconds kLongestDiagnosis{20'000};

// An ExecuteCommand of which nobody knows what became. What is wrapped waits for its program, which is sent
// through the session: without us it does not start.
std::string may_have_begun(const ExecPlace& place, Wrapping wrapping) {
  const std::string where = fmt::format(
      "{}task {}", place.container.empty() ? "" : fmt::format("container {} of ", place.container),
      place.task.substr(place.task.rfind('/') + 1));
  if (wrapping == Wrapping::plain)
    return fmt::format("the command may have started in {}; {}", where, session_lines());
  return fmt::format("a session may have started in {}, in which the command has not started; {}", where,
                     session_lines());
}

class Exec {
 public:
  Exec(aws::Client& client, ExecRequest request)
      : client_(client),
        request_(std::move(request)),
        end_(client.loop(), end_conditions(request_.options)),
        opening_(client, request_, end_) {}

  net::Task<Result<CommandResult>> run() {
    co_await net::with_children(client_.loop(), [this](net::TaskGroup& group) { return carry_out(group); });
    if (*result_) explain_one_word(request_.command, CommandPlace::alone, **result_);
    co_return std::move(*result_);
  }

 private:
  net::Task<> carry_out(net::TaskGroup& group) {
    group.spawn(end_.run());
    const std::vector<std::string>& command = request_.command;
    const std::string& mark = request_.options.mark;
    Beginning beginning;
    result_ = co_await run_session(wire::wrap_command(command, mark), Wrapping::wrapped, beginning);
    if (beginning.was_not_on_path && *result_ && !end_.cause()) {
      result_ =
          co_await run_session(wire::wrap_command_beside_path(command, mark), Wrapping::wrapped, beginning);
    }
    if (!beginning.has_failed || !*result_ || end_.cause()) co_return;
    if (!std::holds_alternative<std::monostate>(request_.options.input) && !request_.options.on_terminal)
      co_return;
    if (request_.options.notice) {
      request_.options.notice(
          "the image seems to have no shell: the command is run as it is, its output comes as a terminal "
          "shows it, and its exit code cannot be known");
    }
    result_ = co_await run_session(wire::plain_command(command), Wrapping::plain, beginning);
  }

  // Why nothing ran in a session.
  struct Beginning {
    bool has_failed = false, was_not_on_path = false;
  };

  net::Task<Result<CommandResult>> run_session(std::string command, Wrapping wrapping, Beginning& beginning) {
    beginning = {};
    Result<aws::ecs::ExecSession> opened = co_await opening_.open(std::move(command));
    if (!opened) {
      const Failure failure = co_await explained(opened.error());
      co_return not_opened(failure, wrapping);
    }
    ExecServices services(&client_, std::move(*opened));
    CommandSession session(client_.loop(), client_.network(), services, end_, request_.options, wrapping);
    Result<CommandResult> result = co_await session.run();
    beginning = {.has_failed = session.could_not_begin(), .was_not_on_path = session.was_not_on_path()};
    co_return result;
  }

  // A refusal by the service itself is worth asking for its cause; what was found out by looking has it
  // already.
  net::Task<Failure> explained(Failure failure) {
    const bool is_absence = failure.service_code == "ClusterNotFoundException" ||
                            failure.service_code == "ServiceNotFoundException" ||
                            failure.code == FailureCode::not_found;
    const bool is_refusal =
        !failure.service_code.empty() && failure.code != FailureCode::throttled && !is_absence;
    if (!is_refusal || end_.cause()) co_return failure;
    const std::optional<Failure> diagnosed =
        co_await unless(client_.loop(), end_.asked(), net::steady_now() + kLongestDiagnosis,
                        diagnose_refusal(client_, request_.target, request_.container, failure));
    co_return diagnosed.value_or(failure);
  }

  // A wrapped command cannot have started without its session; one without a shell runs as its session opens.
  CommandResult not_opened(const Failure& failure, Wrapping wrapping) const {
    CommandResult result;
    result.cluster = request_.target.cluster;
    result.container = request_.container;
    result.ended_at = net::wall_now();
    result.outcome = end_.cause() ? end_.outcome() : Outcome::not_started;
    result.explanation = end_.cause() ? end_.explanation() : failure.line();
    if (!end_.cause()) result.retryable = may_succeed_later(failure);
    if (const std::optional<ExecPlace>& place = opening_.unanswered()) {
      result.task = place->task;
      result.container = place->container;
      result.explanation +=
          (end_.cause() ? ", before ExecuteCommand answered: " : ": ") + may_have_begun(*place, wrapping);
      // What was sent is run at once.
      if (wrapping == Wrapping::plain) result.outcome = Outcome::unknown;
      if (wrapping == Wrapping::plain) result.retryable.reset();
    } else if (end_.cause()) {
      result.explanation += ", before the command was started";
    } else if (wrapping == Wrapping::plain && failure.service_code.starts_with("ServerException")) {
      // The service failed itself, and does not say before what.
      result.outcome = Outcome::unknown;
      result.retryable.reset();
      result.explanation += "; the command may have been started";
    }
    return result;
  }

  aws::Client& client_;
  ExecRequest request_;
  EndWatch end_;
  ExecOpening opening_;
  std::optional<Result<CommandResult>> result_;
};

}  // namespace

net::Task<Result<CommandResult>> exec(aws::Client& client, ExecRequest request) {
  Exec exec(client, std::move(request));
  Result<CommandResult> result = co_await exec.run();
  co_return result;
}

}  // namespace ferry::feature

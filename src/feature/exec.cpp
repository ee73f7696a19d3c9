#include "feature/exec.hpp"

#include "feature/exec_command_session.hpp"
#include "feature/exec_diagnosis.hpp"
#include "feature/exec_opening.hpp"
#include "feature/exec_refusal.hpp"
#include "feature/one_word_command.hpp"
#include "feature/unless.hpp"
#include "net/clock.hpp"
#include "wire/exec_wrapper.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

class Exec {
 public:
  Exec(aws::Client& client, ExecRequest request)
      : client_(client),
        request_(std::move(request)),
        end_(client.loop(), request_.options),
        opening_(client, request_, end_) {}

  net::Task<Result<CommandResult>> run() {
    co_await net::with_children(client_.loop(), [this](net::TaskGroup& group) { return carry_out(group); });
    if (*result_) explain_one_word(request_.command, **result_);
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
    const bool is_refusal = !failure.service_code.empty() && failure.code != FailureCode::throttled &&
                            failure.code != FailureCode::not_found;
    if (!is_refusal || end_.cause()) co_return failure;
    const std::optional<Failure> diagnosed =
        co_await unless(client_.loop(), end_.asked(),
                        diagnose_refusal(client_, request_.target, request_.container, failure));
    co_return diagnosed.value_or(failure);
  }

  // A wrapped command cannot have started without its session; one without a shell runs as its session opens.
  CommandResult not_opened(const Failure& failure, Wrapping wrapping) const {
    CommandResult result;
    result.cluster = request_.target.cluster;
    result.container = request_.container;
    result.ended_at = net::wall_now();
    if (end_.cause()) {
      result.outcome = end_.outcome();
      const bool is_in_doubt = wrapping == Wrapping::plain;
      result.explanation = end_.explanation() + (is_in_doubt ? "; the command may have been started"
                                                             : ", before the command was started");
      return result;
    }
    if (wrapping == Wrapping::plain && may_have_been_carried_out(failure)) {
      result.explanation = failure.line() + "; the command may have been started";
      return result;
    }
    result.outcome = Outcome::not_started;
    result.explanation = failure.line();
    result.retryable = may_succeed_later(failure);
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

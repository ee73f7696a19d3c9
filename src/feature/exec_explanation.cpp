// Why a session ended without the end of its command.
#include "feature/exec_command_session.hpp"
#include "feature/run/who_ended.hpp"
#include "net/unless.hpp"
#include "sys/standard_streams.hpp"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// For the task's state, once its session has ended.
constexpr milliseconds kLongestInquiry{3'000};

bool is_going_down(const aws::ecs::Task& task) {
  return task.last_status == "STOPPED" || task.last_status == "STOPPING" ||
         task.last_status == "DEPROVISIONING" || task.desired_status == "STOPPED";
}

// The agent's words for a command that it could not run, without their heading; empty for any other, which
// may end a session that has been running.
std::string_view start_failure(std::string_view said) {
  const std::size_t begin = said.find("Unable to start command");
  return begin == std::string_view::npos ? std::string_view() : said.substr(begin);
}

}  // namespace

void CommandSession::say_of_connection(std::string_view what) {
  say(fmt::format("connection to {}: {}", services_.place(), what));
}

void CommandSession::say(std::string_view line) {
  if (options_.on_terminal) {
    sys::say_in_raw_mode(line);
  } else if (options_.notice) {
    output_.between_lines([this, text = std::string(line)] { options_.notice(text); });
  }
}

// The session was closed in order, and no end of the command was seen.
net::Task<> CommandSession::explain_close(std::string said) {
  const std::string_view not_begun = start_failure(trim(said));
  const std::string words(not_begun.empty() ? trim(said) : not_begun);
  const std::string reason = words.empty() ? std::string() : ": " + words;
  could_not_begin_ = !first_output_.is_set() && !words.empty();
  was_not_on_path_ = could_not_begin_ && not_begun.contains("executable file not found");
  if (!is_wrapped_ && could_not_begin_ && !not_begun.empty()) {
    conclude(Outcome::not_started,
             fmt::format("the command did not start in {}{}", services_.place(), reason));
    result_.retryable = false;
    co_return;
  }
  if (!is_wrapped_) {
    conclude(Outcome::unknown,
             fmt::format("without a shell in the image the exit code cannot be known{}", reason));
    co_return;
  }
  if (could_not_begin_) {
    conclude_before_start(Outcome::unknown,
                          fmt::format("the command did not start in {}{}; ferry needs a POSIX shell (sh) "
                                      "in the image",
                                      services_.place(), reason),
                          not_begun.empty() ? std::nullopt : std::optional(false));
    co_return;
  }
  const bool has_task_stopped = co_await explain_by_task();
  if (has_task_stopped) co_return;
  if (started_.is_set()) {
    conclude(Outcome::lost,
             fmt::format("the session with {} ended before the command's exit code came{}; the "
                         "outcome is unknown",
                         services_.place(), reason));
    co_return;
  }
  const std::string_view preamble = trim(decoder_->preamble());
  conclude_before_start(Outcome::unknown,
                        fmt::format("the command did not start in {}{}{}", services_.place(), reason,
                                    preamble.empty() ? std::string() : fmt::format(": {}", preamble)));
}

// The session is lost; where its task has stopped, that is why.
net::Task<> CommandSession::explain_loss(std::string what) {
  const bool has_task_stopped = co_await explain_by_task();
  if (!has_task_stopped) conclude_before_start(Outcome::lost, std::move(what), true);
}

// Concludes and is true where the task has stopped or is about to.
net::Task<bool> CommandSession::explain_by_task() {
  const std::optional<std::optional<aws::ecs::Task>> task =
      co_await within(loop_, kLongestInquiry, services_.describe_task());
  if (!task || !*task || !is_going_down(**task)) co_return false;
  result_.stop_code = (*task)->stop_code;
  result_.stopped_reason = (*task)->stopped_reason;
  // "Essential container in task exited" does not say which.
  const std::string ends =
      result_.stop_code == "EssentialContainerExited" ? ends_of_their_own(**task) : std::string();
  conclude_before_start(Outcome::lost,
                        fmt::format("task {} stopped {}{}{}{}", services_.task_id(),
                                    started_.is_set() ? "while the command ran" : "before the command ran",
                                    result_.stopped_reason.empty() ? "" : ": " + result_.stopped_reason,
                                    result_.stop_code.empty() ? "" : fmt::format(" ({})", result_.stop_code),
                                    ends.empty() ? "" : ": " + ends));
  co_return true;
}

}  // namespace ferry::feature

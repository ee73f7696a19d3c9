#include "feature/exec_opening.hpp"

#include "feature/exec_picker.hpp"
#include "feature/near_targets.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// Who does not want to wait for a task waits for answers all the same, but not as long as calls may take.
constexpr milliseconds kLongestCallUnwaited{5'000};

constexpr milliseconds kFirstPause{1'000};
constexpr milliseconds kLongestPause{5'000};
// For an agent that runs but is not connected: more often than not it never will be, for want of rights.
constexpr milliseconds kLongestUnconnected{20'000};
// A task that was just started is not known everywhere at once.
constexpr milliseconds kLongestUnknown{60'000};
// DescribeTasks takes no more.
constexpr std::size_t kMaxDescribed = 100;

enum class Refusal { final, session_limit, throttled, not_connected, not_ready };

// What a refused ExecuteCommand may mean. The session limit has no name of its own, only its message.
Refusal meaning_of(const Failure& failure) {
  if (failure.what.find("maximum session limit") != std::string::npos) return Refusal::session_limit;
  if (failure.code == FailureCode::throttled) return Refusal::throttled;
  switch (aws::ecs::error_of(failure)) {
    case aws::ecs::Error::target_not_connected:
      return Refusal::not_connected;
    case aws::ecs::Error::invalid_parameter:
    case aws::ecs::Error::client:
      return Refusal::not_ready;
    default:
      return Refusal::final;
  }
}

}  // namespace

ExecOpening::ExecOpening(aws::Client& client, const ExecRequest& request, EndWatch& end)
    : client_(client),
      request_(request),
      end_(end),
      began_at_(net::steady_now()),
      deadline_(began_at_ + request.wait_limit),
      next_pause_(kFirstPause) {}

net::Task<Result<aws::ecs::ExecSession>> ExecOpening::open(std::string command) {
  if (!std::exchange(is_found_, true)) {
    const Result<> found = co_await find();
    if (!found) co_return fail(found.error());
  }
  while (true) {
    if (!place_) {
      const Result<> ready = co_await wait_until_ready();
      if (!ready) co_return fail(ready.error());
      is_seen_ready_ = true;
    }
    Result<aws::ecs::ExecSession> opened = co_await execute(command);
    if (opened) {
      say({});
      co_return opened;
    }
    const Refusal refusal = meaning_of(opened.error());
    if (end_.cause()) co_return fail(explained(opened.error()));
    if (refusal == Refusal::final) {
      const Failure failure = explained(opened.error());
      const std::optional<Failure> helpful =
          co_await unless(client_.loop(), end_.asked(), call_deadline(),
                          with_near_targets(client_, request_.target, failure));
      co_return fail(helpful.value_or(failure));
    }
    if (refusal != Refusal::session_limit && refusal != Refusal::throttled) {
      const ExecPlace tried = *place_;
      const Result<> ready = co_await wait_until_ready();
      if (!ready) co_return fail(ready.error());
      const bool is_elsewhere =
          place_->task.substr(place_->task.rfind('/') + 1) != tried.task.substr(tried.task.rfind('/') + 1);
      if (is_elsewhere || place_->container != tried.container) continue;
      // Refused although it was seen ready before: that is not what stands in the way.
      const bool was_ready = std::exchange(is_seen_ready_, true);
      if (refusal == Refusal::not_ready && was_ready) co_return fail(explained(opened.error()));
      if (refusal == Refusal::not_ready) continue;
      if (!unconnected_until_) unconnected_until_ = net::steady_now() + kLongestUnconnected;
      deadline_ = std::min(deadline_, *unconnected_until_);
    }
    const Result<> again = co_await pause(explained(opened.error()));
    if (!again) co_return fail(again.error());
  }
}

net::Task<Result<>> ExecOpening::find() {
  const Target& target = request_.target;
  std::optional<Result<std::vector<std::string>>> found =
      co_await unless(client_.loop(), end_.asked(), call_deadline(), find_task_names(client_, target));
  if (!found) co_return fail(given_up());
  if (!*found) {
    const Failure failure = found->error();
    const std::optional<Failure> helpful = co_await unless(client_.loop(), end_.asked(), call_deadline(),
                                                           with_near_targets(client_, target, failure));
    co_return fail(helpful.value_or(failure));
  }
  std::vector<std::string>& names = **found;
  std::size_t chosen = 0;
  if (target.kind == Target::Kind::task && names.size() > 1) {
    if (!request_.may_ask) co_return fail(ambiguous_target(target, names));
    const std::optional<std::size_t> picked =
        co_await unless(client_.loop(), end_.asked(), pick_task(client_.loop(), names));
    if (!picked) co_return fail(given_up());
    if (*picked >= names.size()) co_return fail(ambiguous_target(target, names));
    chosen = *picked;
  }
  if (!names.empty() && !request_.is_starting) {
    place_ = ExecPlace{.cluster = target.cluster, .task = names[chosen], .container = request_.container};
    if (target.kind != Target::Kind::task) listed_ = std::move(names);
  }
  co_return Result<>();
}

// One that was sent is not given up at once: its session would be left behind. A second signal does not wait.
net::Task<Result<aws::ecs::ExecSession>> ExecOpening::execute(std::string command) {
  unanswered_.reset();
  if (end_.cause()) co_return fail(given_up());
  const Instant latest = call_deadline();
  std::optional<Result<aws::ecs::ExecSession>> answered = co_await unless_late(
      client_.loop(), end_.asked(), end_.asked_again(), latest, kAnswerGrace, [&](net::Event& called_off) {
        return aws::ecs::execute_command(client_, place_->cluster, place_->task, place_->container,
                                         std::move(command), &called_off);
      });
  const bool is_called_off = answered && !*answered && answered->error().code == FailureCode::cancelled;
  if (!answered || is_called_off) co_return fail(given_up());
  Result<aws::ecs::ExecSession> opened = std::move(*answered);
  if (!opened && may_have_acted(opened.error()) && (end_.cause() || net::steady_now() >= latest)) {
    unanswered_ = place_;
    co_return fail(given_up());
  }
  if (!opened && may_have_acted(opened.error())) unanswered_ = place_;
  if (opened && opened->task_arn.empty()) opened->task_arn = place_->task;
  if (opened && opened->cluster_arn.empty()) opened->cluster_arn = place_->cluster;
  if (opened && opened->container_name.empty()) opened->container_name = place_->container;
  co_return opened;
}

// A prefix that has been looked up stays with its task.
net::Task<Result<std::vector<std::string>>> ExecOpening::names_to_look_at() {
  if (place_ && request_.target.kind == Target::Kind::task) co_return std::vector<std::string>{place_->task};
  if (!listed_.empty()) co_return std::exchange(listed_, {});
  Result<std::vector<std::string>> names = co_await find_task_names(client_, request_.target);
  co_return names;
}

// How things are, and what stands in the way.
net::Task<Readiness> ExecOpening::look() {
  const Target& target = request_.target;
  Readiness readiness;
  Result<std::vector<std::string>> names = co_await names_to_look_at();
  if (!names) {
    readiness.failure = names.error();
    co_return readiness;
  }
  if (names->empty() && target.kind == Target::Kind::service) {
    const Result<aws::ecs::ServiceState> service =
        co_await aws::ecs::describe_service(client_, target.cluster, target.name);
    if (service) co_return judge_empty_service(target, *service);
    readiness.failure = service.error().code == FailureCode::denied ? nothing_found(target) : service.error();
    readiness.failure = co_await with_near_targets(client_, target, std::move(readiness.failure));
    co_return readiness;
  }
  if (names->size() > kMaxDescribed) names->resize(kMaxDescribed);
  if (names->empty()) {
    readiness.failure = co_await with_near_targets(client_, target, nothing_found(target));
    co_return readiness;
  }
  Result<aws::ecs::DescribedTasks> described =
      co_await aws::ecs::describe_tasks(client_, target.cluster, std::move(*names));
  if (!described) {
    readiness.failure = co_await with_near_targets(client_, target, described.error());
    co_return readiness;
  }
  if (described->tasks.empty() && request_.is_starting && net::steady_now() < began_at_ + kLongestUnknown) {
    readiness.kind = Readiness::Kind::not_yet;
    readiness.failure = nothing_found(target);
    co_return readiness;
  }
  const bool is_unknown = described->tasks.empty();
  readiness = co_await judge(std::move(described->tasks));
  if (is_unknown)
    readiness.failure = co_await with_near_targets(client_, target, std::move(readiness.failure));
  co_return readiness;
}

// Asks for the task definition where the choice of a container needs it.
net::Task<Readiness> ExecOpening::judge(std::vector<aws::ecs::Task> tasks) {
  Readiness readiness = judge_readiness(request_.target, tasks, request_.container);
  if (readiness.kind != Readiness::Kind::needs_definition) co_return readiness;
  if (!definition_ || definition_asked_ != readiness.task_definition) {
    definition_asked_ = readiness.task_definition;
    Result<aws::ecs::TaskDefinition> definition =
        co_await aws::ecs::describe_task_definition(client_, definition_asked_);
    definition_ = definition ? std::move(*definition) : aws::ecs::TaskDefinition();
  }
  co_return judge_readiness(request_.target, tasks, request_.container, &*definition_);
}

void ExecOpening::take(Readiness readiness) {
  place_ = std::move(readiness.place);
  if (!request_.says_choice || !request_.options.notice || readiness.choice == choice_said_) return;
  choice_said_ = std::move(readiness.choice);
  if (!choice_said_.empty()) request_.options.notice(choice_said_);
}

net::Task<Result<>> ExecOpening::wait_until_ready() {
  while (true) {
    const bool may_be_outdated = !listed_.empty();
    std::optional<Readiness> looked = co_await unless(client_.loop(), end_.asked(), call_deadline(), look());
    if (looked && looked->kind != Readiness::Kind::ready && may_be_outdated)
      looked = co_await unless(client_.loop(), end_.asked(), call_deadline(), look());
    if (!looked) co_return fail(given_up());
    Readiness readiness = std::move(*looked);
    if (readiness.kind == Readiness::Kind::ready) {
      take(std::move(readiness));
      co_return Result<>();
    }
    if (readiness.kind == Readiness::Kind::never) co_return fail(std::move(readiness.failure));
    const Result<> paused = co_await pause(std::move(readiness.failure));
    if (!paused) co_return fail(paused.error());
  }
}

net::Task<Result<>> ExecOpening::pause(Failure reason) {
  const Instant now = net::steady_now();
  if (request_.wait_limit <= milliseconds(0)) co_return fail(std::move(reason));
  if (now >= deadline_) {
    reason.what += fmt::format(" (waited {} s)", std::chrono::round<seconds>(now - began_at_).count());
    if (reason.hint.empty())
      reason.hint = fmt::format("`{}` looks for the cause", doctor_line(request_.target));
    co_return fail(std::move(reason));
  }
  say(reason.what);
  co_await end_.asked().wait_until(std::min(deadline_, now + next_pause_));
  next_pause_ = std::min(kLongestPause, next_pause_ * 3 / 2);
  if (end_.cause()) co_return fail(given_up());
  co_return Result<>();
}

// Of a call that begins now. Where there is nothing to wait for, it has its own time; and the last look at
// the end of the time to wait has a little of it.
Instant ExecOpening::call_deadline() const {
  if (request_.wait_limit <= milliseconds(0)) return net::steady_now() + kLongestCallUnwaited;
  return std::max(deadline_, net::steady_now() + kAnswerGrace);
}

Failure ExecOpening::given_up() const {
  Failure failure;
  failure.code = FailureCode::cancelled;
  if (end_.cause()) return failure;
  failure.code = FailureCode::timed_out;
  failure.what = fmt::format("the service has not answered (waited {} s)",
                             std::chrono::duration<double>(net::steady_now() - began_at_).count());
  failure.hint = "wait longer with --wait, or see each call with --debug";
  return failure;
}

// The service's own words, where they were said, and the next step.
Failure ExecOpening::explained(const Failure& refusal) const {
  const std::string container =
      place_->container.empty() ? "" : fmt::format("container {} of ", place_->container);
  Failure failure = refusal.in(
      fmt::format("cannot enter {}task {}", container, place_->task.substr(place_->task.rfind('/') + 1)));
  if (meaning_of(refusal) == Refusal::session_limit) {
    failure.hint = "a place becomes free when another session into the container ends";
  } else if (refusal.hint.empty() && meaning_of(refusal) != Refusal::throttled) {
    failure.hint = fmt::format("`{}` looks for the cause", doctor_line(request_.target));
  }
  return failure;
}

void ExecOpening::say(std::string_view line) {
  if (request_.status) request_.status(line);
}

}  // namespace ferry::feature

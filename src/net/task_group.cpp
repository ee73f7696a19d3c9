#include "net/loop.hpp"
#include "net/reactor.hpp"

#include <cassert>
#include <list>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace ferry::net {
namespace {

struct Child {
  asio::cancellation_signal signal;
  bool has_started = false;
};

}  // namespace

struct TaskGroup::State {
  explicit State(Loop::Reactor& shared_reactor)
      : reactor(shared_reactor), joiners(std::make_shared<WaitList>(shared_reactor.context)) {}

  void cancel();

  Loop::Reactor& reactor;
  std::shared_ptr<WaitList> joiners;
  std::list<std::shared_ptr<Child>> children;
  bool is_cancelled = false;

  class Membership;
  static Task<> run_child(Membership membership, Task<> task);
  static Task<> join(std::shared_ptr<State> state);
};

// A child's place in its group: given back when the child's frame is gone, however that came about.
class TaskGroup::State::Membership {
 public:
  explicit Membership(std::shared_ptr<State> state) : state_(std::move(state)) {
    place_ = state_->children.insert(state_->children.end(), std::make_shared<Child>());
  }
  Membership(Membership&& other) noexcept : state_(std::move(other.state_)), place_(other.place_) {}
  Membership& operator=(Membership&&) = delete;
  ~Membership() {
    if (!state_) return;
    state_->children.erase(place_);
    if (state_->children.empty() && !state_->reactor.is_closing) state_->joiners->wake_all();
  }

  [[nodiscard]] const std::shared_ptr<Child>& child() const { return *place_; }
  [[nodiscard]] bool is_cancelled() const { return state_->is_cancelled; }

 private:
  std::shared_ptr<State> state_;
  std::list<std::shared_ptr<Child>>::iterator place_;
};

void TaskGroup::State::cancel() {
  is_cancelled = true;
  // A copy: nothing runs while the signals are sent, but children's own groups may be among them.
  const std::vector<std::shared_ptr<Child>> current(children.begin(), children.end());
  for (const std::shared_ptr<Child>& child : current) {
    if (child->has_started) child->signal.emit(asio::cancellation_type::terminal);
  }
}

Task<> TaskGroup::State::run_child(Membership membership, Task<> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  // spawn() returns before the child's first step.
  co_await asio::post(asio::use_awaitable);
  if (membership.is_cancelled()) co_return;
  membership.child()->has_started = true;
  try {
    co_await std::move(task);
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
}

Task<> TaskGroup::State::join(std::shared_ptr<State> state) {
  while (!state->children.empty()) {
    if (state->is_cancelled) {
      co_await WaitList::wait_uncancellably(state->joiners);
      continue;
    }
    const WaitList::Outcome outcome = co_await WaitList::wait_until(state->joiners, Instant::max());
    if (outcome == WaitList::Outcome::cancelled) state->cancel();
  }
}

TaskGroup::TaskGroup(Loop& loop) : state_(std::make_shared<State>(loop.reactor())) {}

TaskGroup::~TaskGroup() {
  assert((state_->children.empty() || state_->reactor.is_closing) && "join the group before it goes");
}

void TaskGroup::spawn(Task<> child) {
  if (state_->is_cancelled) return;
  State::Membership membership(state_);
  const std::shared_ptr<Child> shared = membership.child();
  // The handler keeps the signal for as long as Asio may look at its slot.
  asio::co_spawn(state_->reactor.context, State::run_child(std::move(membership), std::move(child)),
                 asio::bind_cancellation_slot(
                     shared->signal.slot(),
                     [shared, &reactor = state_->reactor](const std::exception_ptr& error) noexcept {
                       if (error && reactor.on_lost_child) reactor.on_lost_child(error);
                       if (error) std::rethrow_exception(error);
                     }));
}

void TaskGroup::cancel() {
  state_->cancel();
}

bool TaskGroup::empty() const {
  return state_->children.empty();
}

Task<> TaskGroup::join() {
  return State::join(state_);
}

Task<> with_children(Loop& loop, std::function<Task<>(TaskGroup&)> body) {
  TaskGroup group(loop);
  std::exception_ptr cancellation;
  try {
    co_await body(group);
  } catch (const boost::system::system_error&) {
    cancellation = std::current_exception();
  }
  group.cancel();
  co_await group.join();
  if (cancellation) std::rethrow_exception(cancellation);
}

}  // namespace ferry::net

// ferry::Run: a run() on a thread of its own.
#include <ferry/run.hpp>
#include <future>
#include <stop_token>
#include <thread>
#include <utility>

namespace ferry {

struct Run::State {
  std::stop_source stop;
  std::future<CommandResult> result;
  std::jthread thread;
};

Run::Run(std::unique_ptr<State> state) : state_(std::move(state)) {}
Run::Run(Run&&) noexcept = default;

// Not the default: the run that is replaced is told to stop, and ends, first.
Run& Run::operator=(Run&& other) noexcept {
  const Run ending(std::move(*this));
  state_ = std::move(other.state_);
  return *this;
}

Run::~Run() {
  if (state_) state_->stop.request_stop();
}

void Run::request_stop() {
  state_->stop.request_stop();
}

bool Run::ended_within(std::chrono::milliseconds time) const {
  return state_->result.wait_for(time) == std::future_status::ready;
}

CommandResult Run::wait() {
  return state_->result.get();
}

namespace {

CommandResult run_until_stopped(const RunRequest& request, Options options, std::stop_source stop) {
  const std::stop_callback on_cancel(options.cancel, [&stop] { stop.request_stop(); });
  Options inner = std::move(options);
  inner.cancel = stop.get_token();
  return run(request, inner);
}

}  // namespace

Run start_run(RunRequest request, Options options) {
  auto state = std::make_unique<Run::State>();
  std::packaged_task<CommandResult(const RunRequest&, Options, std::stop_source)> task(run_until_stopped);
  state->result = task.get_future();
  state->thread = std::jthread(std::move(task), std::move(request), std::move(options), state->stop);
  return Run(std::move(state));
}

}  // namespace ferry

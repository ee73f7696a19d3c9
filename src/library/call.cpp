#include "library/call.hpp"

#include "aws/instance_metadata.hpp"
#include "aws/shared_limits.hpp"
#include "library/convert.hpp"
#include "net/descriptor.hpp"
#include "sys/environment.hpp"
#include "sys/pipe.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <unistd.h>
#include <utility>

namespace ferry::library {
namespace {

// A stop token as the loop sees it: the stopping thread writes a byte, which is all that it may do here.
class Cancellation {
 public:
  Cancellation(sys::Pipe pipe, const std::stop_token& token)
      : pipe_(std::move(pipe)), on_stop_(token, Wake{.fd = pipe_.writing.get()}) {}

  // Until the token is stopped.
  net::Task<> forward(net::Loop& loop, net::Event& cancel) {
    net::Descriptor stopped(loop, pipe_.reading.get());
    co_await stopped.wait_readable();
    cancel.set();
  }

 private:
  struct Wake {
    int fd;
    // The pipe is empty, so that there is room; a failure would be our bug, and nobody here to tell.
    void operator()() const { static_cast<void>(::write(fd, "", 1)); }
  };

  sys::Pipe pipe_;
  std::stop_callback<Wake> on_stop_;
};

using Outcome = std::optional<Result<feature::CommandResult>>;

net::Task<> work_beside(net::Loop& loop, net::TaskGroup& group, Cancellation& cancellation,
                        net::Event& cancel, net::Task<Result<feature::CommandResult>> work,
                        Outcome& outcome) {
  group.spawn(cancellation.forward(loop, cancel));
  Result<feature::CommandResult> result = co_await std::move(work);
  outcome = std::move(result);
}

Result<feature::CommandResult> run_to_end(net::Loop& loop, const Options& options, const Work& work,
                                          feature::ExecOptions translated) {
  if (!options.cancel.stop_possible()) return loop.run(work(std::move(translated)));
  Result<sys::Pipe> pipe = sys::open_pipe();
  if (!pipe) return fail(pipe.error());
  Cancellation cancellation(std::move(*pipe), options.cancel);
  net::Event cancel(loop);
  if (options.cancel.stop_requested()) cancel.set();
  translated.cancel = &cancel;
  Outcome outcome;
  loop.run(net::with_children(loop, [&](net::TaskGroup& group) {
    return work_beside(loop, group, cancellation, cancel, work(std::move(translated)), outcome);
  }));
  return std::move(*outcome);
}

// The one thing that calls on several threads have in common: AWS counts all that an account does, and a call
// of the library knows of no other one but by way of the process. Everything below is handed it.
std::shared_ptr<aws::SharedLimits> limits_of_this_process() {
  static const auto limits = std::make_shared<aws::SharedLimits>();
  return limits;
}

}  // namespace

aws::Flags connection_flags(const Options& options, const std::string& region) {
  return {.profile = options.profile,
          .region = options.region.empty() ? region : options.region,
          .endpoint_url = options.endpoint_url,
          .max_rate = {}};
}

Result<std::unique_ptr<aws::Client>> connect(net::Loop& loop, const aws::Flags& flags) {
  aws::Surroundings surroundings;
  surroundings.region_of_instance = [&loop, observer = surroundings.observer](const auto& instance) {
    return loop.run(aws::region_of_instance(loop, *observer, instance));
  };
  Result<aws::Settings> settings = aws::resolve_settings(flags, sys::environment_variable, surroundings);
  if (!settings) return fail(settings.error());
  settings->limits = limits_of_this_process();
  return aws::Client::make(loop, std::move(*settings));
}

CommandResult run(net::Loop& loop, const Options& options, const Work& work) {
  Captures captures;
  Result<feature::ExecOptions> translated = exec_options(options, captures);
  if (!translated) return public_result(translated.error());
  Result<feature::CommandResult> result = run_to_end(loop, options, work, std::move(*translated));
  if (!result) return public_result(result.error());
  return public_result(std::move(*result), options, captures);
}

}  // namespace ferry::library

// fetch_from_process(): a program that prints credentials.
#include "aws/credential_answer.hpp"
#include "aws/credential_fetch.hpp"
#include "base/text.hpp"
#include "net/clock.hpp"
#include "net/descriptor.hpp"
#include "sys/child.hpp"
#include "sys/environment.hpp"
#include "sys/pipe.hpp"

#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

constexpr milliseconds kLongestRun{60'000};
constexpr std::size_t kMostOutput = 1U << 20U;

Result<sys::Child> start(const ProcessSource& process, int input, int output) {
  sys::ChildSpec spec;
  spec.argv = process.argv;
  for (char** variable = environ; *variable != nullptr; ++variable) spec.environment.emplace_back(*variable);
  spec.environment.insert(spec.environment.end(), process.added_environment.begin(),
                          process.added_environment.end());
  spec.search_path = sys::environment_variable("PATH").value_or("/usr/bin:/bin");
  spec.descriptors = {input, output, STDERR_FILENO};
  return sys::Child::start(spec);
}

struct Run {
  std::string output;
  std::optional<int> exit_code;
};

net::Task<> to_its_end(net::Loop& loop, int output, sys::Child& child, Run& run, net::Event& ended) {
  net::Descriptor reading(loop, output);
  while (run.output.size() < kMostOutput) {
    const Result<Bytes> piece = co_await reading.read_some(kMostOutput);
    if (!piece || piece->empty()) break;
    run.output += as_text(*piece);
  }
  net::Descriptor end(loop, child.end_descriptor());
  co_await end.wait_readable();
  run.exit_code = child.poll_exit();
  ended.set();
}

}  // namespace

net::Task<Result<Credentials>> fetch_from_process(net::Loop& loop, const ProcessSource& process) {
  Result<sys::Pipe> pipe = sys::open_pipe();
  if (!pipe) co_return fail(pipe.error());
  const Result<sys::UniqueFd> input = sys::open_null();
  if (!input) co_return fail(input.error());
  Result<sys::Child> child = start(process, input->get(), pipe->writing.get());
  if (!child) co_return fail(child.error().in(process.argv.front()));
  pipe->writing = sys::UniqueFd();  // so that the child's end is the pipe's
  Run run;
  net::Event ended(loop);
  const Instant deadline = net::steady_now() + kLongestRun;
  co_await net::with_children(loop, [&](net::TaskGroup& group) -> net::Task<> {
    group.spawn(to_its_end(loop, pipe->reading.get(), *child, run, ended));
    co_await ended.wait_until(deadline);
  });
  if (!run.exit_code)
    co_return fail(FailureCode::timed_out, fmt::format("{} has not ended within 60 s", process.argv.front()));
  if (*run.exit_code != 0)
    co_return fail(FailureCode::refused,
                   fmt::format("{} exited with {}", process.argv.front(), *run.exit_code),
                   "run it by hand to see why");
  co_return credentials_of_process(run.output);
}

}  // namespace ferry::aws

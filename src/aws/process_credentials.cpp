// fetch_from_process(): a program that prints credentials.
#include "aws/credential_answer.hpp"
#include "aws/credential_fetch.hpp"
#include "base/text.hpp"
#include "net/clock.hpp"
#include "net/descriptor.hpp"
#include "sys/child.hpp"
#include "sys/environment.hpp"
#include "sys/pipe.hpp"
#include "sys/standard_streams.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

constexpr milliseconds kLongestRun{60'000};
constexpr std::size_t kMostOutput = 1U << 20U;
constexpr std::size_t kMostShown = 64U << 10U;
constexpr std::size_t kPiece = 16U << 10U;

Result<sys::Child> start(const ProcessSource& process, int input, int output, int errors) {
  sys::ChildSpec spec;
  spec.argv = process.argv;
  for (char** variable = environ; *variable != nullptr; ++variable) spec.environment.emplace_back(*variable);
  spec.environment.insert(spec.environment.end(), process.added_environment.begin(),
                          process.added_environment.end());
  spec.search_path = sys::environment_variable("PATH").value_or("/usr/bin:/bin");
  spec.descriptors = {input, output, errors};
  spec.ends_with_parent = true;
  return sys::Child::start(spec);
}

struct Run {
  std::string output;
  std::optional<int> exit_code;
  bool is_too_much = false;
};

net::Task<> to_its_end(net::Loop& loop, int output, sys::Child& child, Run& run, net::Event& ended) {
  net::Descriptor reading(loop, output);
  while (true) {
    const Result<Bytes> piece = co_await reading.read_some(kPiece);
    if (!piece || piece->empty()) break;
    run.output += as_text(*piece);
    if (run.output.size() <= kMostOutput) continue;
    run.is_too_much = true;
    ended.set();
    co_return;
  }
  net::Descriptor end(loop, child.end_descriptor());
  co_await end.wait_readable();
  run.exit_code = child.poll_exit();
  ended.set();
}

// The bytes of `text` without those of a character, at its end, whose rest may still come.
std::size_t whole_characters(std::string_view text) {
  constexpr std::size_t kLongestCharacter = 4;
  for (std::size_t back = 1; back <= std::min(kLongestCharacter, text.size()); ++back) {
    const auto byte = static_cast<std::uint8_t>(text[text.size() - back]);
    if (byte < 0x80) break;
    if (byte < 0xC0) continue;
    const std::size_t length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    return length > back ? text.size() - back : text.size();
  }
  return text.size();
}

// What the program says to its user ("open this address and log in") as it comes, but printable, and no end
// of it. Read on until the program's end: one that cannot write would wait.
net::Task<> show_errors(net::Loop& loop, int errors) {
  net::Descriptor reading(loop, errors);
  std::string waiting;
  std::size_t shown = 0;
  while (true) {
    const Result<Bytes> piece = co_await reading.read_some(kPiece);
    if (!piece || piece->empty()) break;
    if (shown >= kMostShown) continue;
    waiting += as_text(*piece);
    const std::size_t whole = whole_characters(waiting);
    sys::write_to_stderr(std::string_view(waiting).substr(0, whole));
    shown += whole;
    waiting.erase(0, whole);
    if (shown >= kMostShown) sys::write_to_stderr("\n... (its further words are left out)\n");
  }
  if (shown < kMostShown) sys::write_to_stderr(waiting);
}

Result<Credentials> verdict(const ProcessSource& process, const Run& run) {
  const std::string& program = process.argv.front();
  if (run.is_too_much)
    return fail(FailureCode::protocol, fmt::format("{} printed more than {} bytes, which no credentials have",
                                                   program, kMostOutput));
  if (!run.exit_code)
    return fail(FailureCode::timed_out, fmt::format("{} has not ended within 60 s", program));
  if (*run.exit_code != 0)
    return fail(FailureCode::refused, fmt::format("{} exited with {}", program, *run.exit_code),
                "run it by hand to see why");
  return credentials_of_process(run.output);
}

}  // namespace

net::Task<Result<Credentials>> fetch_from_process(net::Loop& loop, const ProcessSource& process) {
  Result<sys::Pipe> output = sys::open_pipe();
  if (!output) co_return fail(output.error());
  Result<sys::Pipe> errors = sys::open_pipe();
  if (!errors) co_return fail(errors.error());
  const Result<sys::UniqueFd> input = sys::open_null();
  if (!input) co_return fail(input.error());
  // Destroyed, and with that ended, on every way out.
  Result<sys::Child> child = start(process, input->get(), output->writing.get(), errors->writing.get());
  if (!child) co_return fail(child.error().in(process.argv.front()));
  // So that the child's end is the pipes'.
  output->writing = sys::UniqueFd();
  errors->writing = sys::UniqueFd();
  Run run;
  net::Event ended(loop), all_said(loop);
  const Instant deadline = net::steady_now() + kLongestRun;
  co_await net::with_children(loop, [&](net::TaskGroup& group) -> net::Task<> {
    group.spawn(to_its_end(loop, output->reading.get(), *child, run, ended));
    group.spawn([](net::Loop& its_loop, int from, net::Event& said) -> net::Task<> {
      co_await show_errors(its_loop, from);
      said.set();
    }(loop, errors->reading.get(), all_said));
    co_await ended.wait_until(deadline);
    // A program that it has left behind may hold stderr open: what is there is there by now.
    constexpr milliseconds kLastWords{100};
    if (run.exit_code) co_await all_said.wait_until(net::steady_now() + kLastWords);
  });
  co_return verdict(process, run);
}

}  // namespace ferry::aws

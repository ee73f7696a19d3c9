// The holder's script, run by the shells that images have.
#include "feature/run/holder.hpp"

#include "sys/child.hpp"
#include "sys/pipe.hpp"
#include "sys/process.hpp"
#include "wire/command_line.hpp"
#include "wire/exec_wrapper.hpp"

#include <array>
#include <chrono>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

// Of this process: other tests that run beside it are seen in /proc too.
const std::string kMark = "ferry-0123456789abcdef" + std::to_string(::getpid());
constexpr milliseconds kLongEnough{20'000};

struct Shell {
  std::string name;
  Words argv;  // in place of "sh"
};

void PrintTo(const Shell& one, std::ostream* out) {
  *out << one.name;
}

bool is_readable_within(int fd, milliseconds limit) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&ready, 1, static_cast<int>(limit.count())) == 1;
}

// A process of the container; what it writes to stdout can be read.
class Process {
 public:
  explicit Process(Words argv, std::string path = "/usr/bin:/bin") {
    sys::ChildSpec spec;
    spec.argv = std::move(argv);
    spec.search_path = path;
    spec.environment = {"PATH=" + path};
    input_ = *sys::open_pipe();
    fcntl(input_.reading.get(), F_SETFL, 0);  // shells do not wait for input that does not block
    output_ = *sys::open_pipe();
    spec.descriptors = {input_.reading.get(), output_.writing.get(), output_.writing.get()};
    child_.emplace(*sys::Child::start(spec));
    output_.writing.reset();
  }

  // Nothing while it runs after so long.
  std::optional<int> exit_code_within(milliseconds limit) {
    if (!is_readable_within(child_->end_descriptor(), limit)) return std::nullopt;
    return child_->poll_exit();
  }
  std::string output() {
    std::array<char, 4096> buffer{};
    const ssize_t count = read(output_.reading.get(), buffer.data(), buffer.size());
    return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string();
  }
  void end_input() { input_.writing.reset(); }
  sys::Child& child() { return *child_; }

 private:
  sys::Pipe input_, output_;
  std::optional<sys::Child> child_;
};

class Holder : public testing::TestWithParam<Shell> {
 protected:
  static Words in_place_of_sh(Words words) {
    EXPECT_THAT(words.front(), testing::AnyOf("sh", "/bin/sh"));
    Words argv = GetParam().argv;
    argv.insert(argv.end(), words.begin() + 1, words.end());
    return argv;
  }
  static Words words(HolderLimits limits) { return in_place_of_sh(holder_command(kMark, limits)); }
  // What the exec agent runs: a session that lasts as long as its input.
  static Process session(std::string_view mark) {
    const Words command{"sleep", "1000"};
    return Process(in_place_of_sh(*wire::split_command_line(wire::wrap_command(command, mark))));
  }
};

TEST_P(Holder, EndsWhereNobodyEnters) {
  Process holder(words({.until_entered = seconds(1), .after_session = seconds(1000)}));
  EXPECT_EQ(holder.exit_code_within(kLongEnough), kHolderNeverEntered);
  EXPECT_THAT(holder.output(), HasSubstr("nobody entered"));
}

TEST_P(Holder, WaitsForTheEndOfTheSession) {
  Process inside = session(kMark);
  Process holder(words({.until_entered = seconds(1), .after_session = seconds(1)}));
  EXPECT_EQ(holder.exit_code_within(milliseconds(3'500)), std::nullopt);
  inside.end_input();
  EXPECT_EQ(holder.exit_code_within(kLongEnough), kHolderAbandoned);
  EXPECT_THAT(holder.output(), HasSubstr("nobody is in this task"));
}

TEST_P(Holder, IsNotMisledByTheSessionsOfOthers) {
  const Process inside = session("ferry-fedcba9876543210" + std::to_string(::getpid()));
  Process holder(words({.until_entered = seconds(1), .after_session = seconds(1000)}));
  EXPECT_EQ(holder.exit_code_within(kLongEnough), kHolderNeverEntered);
}

TEST_P(Holder, DoesNotTakeItsInitProcessForASession) {
  Words below_init{"timeout", "1000"};
  const Words holding = words({.until_entered = seconds(1), .after_session = seconds(1000)});
  below_init.insert(below_init.end(), holding.begin(), holding.end());
  Process init(below_init);
  EXPECT_EQ(init.exit_code_within(kLongEnough), kHolderNeverEntered);
}

TEST_P(Holder, EndsWhenTheTaskIsStopped) {
  Process holder(words({.until_entered = seconds(1000), .after_session = seconds(1000)}));
  while (sys::children_of(holder.child().pid()).empty()) std::this_thread::yield();
  holder.child().signal(SIGTERM);
  EXPECT_EQ(holder.exit_code_within(kLongEnough), 143);
}

TEST_P(Holder, SaysThatTheImageHasNoSleep) {
  if (GetParam().name == "busybox") GTEST_SKIP() << "busybox brings its own";
  Words argv = words({});
  argv.front() = "/usr/bin/" + argv.front();
  constexpr std::string_view folders = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const std::size_t found = argv[2].find(folders);
  ASSERT_NE(found, std::string::npos);
  argv[2].replace(found, folders.size(), "/nonexistent");  // as if they had none
  Process holder(argv, "/nonexistent");
  EXPECT_EQ(holder.exit_code_within(kLongEnough), kHolderHasNoSleep);
  EXPECT_THAT(holder.output(), HasSubstr("sleep"));
}

INSTANTIATE_TEST_SUITE_P(Shells, Holder,
                         testing::Values(Shell{"dash", {"dash"}}, Shell{"bash", {"bash"}},
                                         Shell{"busybox", {"busybox", "sh"}}),
                         [](const auto& shell) { return shell.param.name; });

TEST(HolderCommand, LeavesRoomInTheOverrides) {
  std::size_t size = 0;
  for (const std::string& word : holder_command(kMark, {})) size += word.size();
  EXPECT_LT(size, 1'024U);
}

}  // namespace
}  // namespace ferry::feature

#include "sys/child.hpp"

#include "sys/pipe.hpp"
#include "sys/process.hpp"
#include "sys/pty.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::sys {
namespace {

using ::testing::HasSubstr;

// Everything up to the end of a descriptor that does not block.
std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    pollfd ready{.fd = descriptor, .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, -1);
    const auto count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string read_line(int descriptor) {
  std::string text;
  char next = 0;
  while (!text.ends_with('\n')) {
    pollfd ready{.fd = descriptor, .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, -1);
    if (::read(descriptor, &next, 1) != 1) return text;
    text += next;
  }
  return text;
}

int wait_for(Child& child) {
  pollfd end{.fd = child.end_descriptor(), .events = POLLIN, .revents = 0};
  ::poll(&end, 1, -1);
  return child.poll_exit().value_or(-1);
}

struct Outcome {
  std::string output;
  int exit_code = -1;
};

// Runs argv with stdout on a pipe and the given environment.
Outcome run(std::vector<std::string> argv, std::vector<std::string> environment = {},
            std::string working_directory = {}) {
  Pipe output = open_pipe().value();
  const UniqueFd null = open_null().value();
  ChildSpec spec;
  spec.argv = std::move(argv);
  spec.environment = std::move(environment);
  spec.search_path = "/usr/bin:/bin";
  spec.working_directory = std::move(working_directory);
  spec.descriptors = {null.get(), output.writing.get(), null.get()};
  Result<Child> child = Child::start(spec);
  if (!child) return {.output = child.error().what, .exit_code = -1};
  output.writing.reset();
  Outcome outcome;
  outcome.output = read_all(output.reading.get());
  outcome.exit_code = wait_for(*child);
  return outcome;
}

Failure start_failure(std::vector<std::string> argv) {
  ChildSpec spec;
  spec.argv = std::move(argv);
  spec.search_path = "/usr/bin:/bin";
  Result<Child> child = Child::start(spec);
  return child ? Failure{} : child.error();
}

TEST(Child, EnvironmentIsExactlyTheGivenOne) {
  EXPECT_EQ(run({"/usr/bin/env"}, {"B=two words", "A="}).output, "B=two words\nA=\n");
}

TEST(Child, EndsAsAShellSaysIt) {
  EXPECT_EQ(run({"sh", "-c", "exit 0"}).exit_code, 0);
  EXPECT_EQ(run({"sh", "-c", "exit 255"}).exit_code, 255);
  EXPECT_EQ(run({"sh", "-c", "kill -TERM $$"}).exit_code, 128 + SIGTERM);
}

TEST(Child, RunsWhereItIsTold) {
  EXPECT_EQ(run({"pwd"}, {}, "/usr").output, "/usr\n");
}

TEST(Child, HasNoDescriptorButTheGivenOnes) {
  const UniqueFd inheritable(::open("/", O_RDONLY));  // deliberately without O_CLOEXEC
  // The fourth is the folder that ls itself has open.
  EXPECT_EQ(run({"ls", "/proc/self/fd"}).output, "0\n1\n2\n3\n");
}

TEST(Child, StartsWithDefaultSignals) {
  struct sigaction ignore{}, before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  sigset_t blocked, mask;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &mask);
  const Outcome outcome = run({"grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"});
  // 32 and 33 are the C library's own: nobody can set them, and posix_spawn (of make, say) leaves them
  // ignored.
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  ::sigaction(SIGPIPE, &before, nullptr);
  EXPECT_THAT(outcome.output, testing::AnyOf("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n",
                                             "SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000\n"));
}

TEST(Child, DescriptorsMayBeExchanged) {
  // What shall become 0 is now 1, and the other way round: each must be saved before it is overwritten.
  Pipe output = open_pipe().value();
  const UniqueFd zero(::dup(0)), one(::dup(1));
  ASSERT_GE(::dup2(output.writing.get(), 0), 0);
  const UniqueFd null = open_null().value();
  ASSERT_GE(::dup2(null.get(), 1), 0);
  ChildSpec spec;
  spec.argv = {"/bin/sh", "-c", "echo swapped"};
  spec.descriptors = {1, 0, 1};
  Result<Child> child = Child::start(spec);
  ::dup2(zero.get(), 0);
  ::dup2(one.get(), 1);
  ASSERT_TRUE(child) << child.error().line();
  output.writing.reset();
  EXPECT_EQ(read_all(output.reading.get()), "swapped\n");
  EXPECT_EQ(wait_for(*child), 0);
}

TEST(Child, SaysWhatCouldNotBeExecuted) {
  const Failure missing = start_failure({"no-such-program"});
  EXPECT_EQ(missing.code, FailureCode::not_found);
  EXPECT_EQ(missing.what, "exec: \"no-such-program\": executable file not found in $PATH");

  const Failure missing_file = start_failure({"/no/such/program"});
  EXPECT_EQ(missing_file.code, FailureCode::not_found);
  EXPECT_THAT(missing_file.what, HasSubstr("/no/such/program"));

  const Failure not_executable = start_failure({"/etc/passwd"});
  EXPECT_EQ(not_executable.code, FailureCode::denied);
  EXPECT_THAT(not_executable.what, HasSubstr("permission denied"));

  EXPECT_EQ(start_failure({""}).code, FailureCode::not_found);
}

// The exec agent is a Go program: what is on PATH and may not be executed is not found there, what may be and
// cannot is told with its path.
TEST(Child, SaysItInTheAgentsWords) {
  const std::string folder = testing::TempDir() + "agents_words";
  std::filesystem::create_directories(folder + "/directory");
  std::ofstream(folder + "/broken") << "no program";
  std::ofstream(folder + "/orphan") << "#!/no/such/interpreter\n";
  std::ofstream(folder + "/plain") << "#!/bin/sh\n";
  for (const char* name : {"/broken", "/orphan"})
    std::filesystem::permissions(folder + name, std::filesystem::perms::owner_all);
  const auto told = [&folder](const std::string& name) {
    ChildSpec spec;
    spec.argv = {name};
    spec.search_path = "/no/such/folder:" + folder;
    spec.words = StartWords::agent;
    const Result<Child> child = Child::start(spec);
    return child ? std::string("it runs") : child.error().what;
  };
  EXPECT_EQ(told("nope"), "exec: \"nope\": executable file not found in $PATH");
  EXPECT_EQ(told("plain"), "exec: \"plain\": executable file not found in $PATH");
  EXPECT_EQ(told("directory"), "exec: \"directory\": executable file not found in $PATH");
  EXPECT_EQ(told("broken"), "fork/exec " + folder + "/broken: exec format error");
  EXPECT_EQ(told("orphan"), "fork/exec " + folder + "/orphan: no such file or directory");
  EXPECT_EQ(told(folder + "/plain"), "fork/exec " + folder + "/plain: permission denied");
  EXPECT_EQ(told("/no/such/program"), "fork/exec /no/such/program: no such file or directory");
  EXPECT_EQ(told(""), "exec: no command");
  std::filesystem::remove_all(folder);
}

TEST(Child, SaysWhichDirectoryIsMissing) {
  EXPECT_THAT(run({"pwd"}, {}, "/no/such/folder").output, HasSubstr("/no/such/folder"));
}

TEST(Child, DestroyingItKillsItsProcessGroup) {
  Pipe output = open_pipe().value();
  const UniqueFd null = open_null().value();
  ChildSpec spec;
  spec.argv = {"/bin/sh", "-c", "sleep 1000 & echo ready; wait"};
  spec.environment = {"PATH=/usr/bin:/bin"};
  spec.descriptors = {null.get(), output.writing.get(), null.get()};
  {
    Result<Child> child = Child::start(spec);
    ASSERT_TRUE(child) << child.error().line();
    output.writing.reset();
    pollfd ready{.fd = output.reading.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  }
  // The pipe ends only when the sleep is gone too.
  EXPECT_EQ(read_all(output.reading.get()), "ready\n");
}

// A program whose file a lease holds: who opens it waits until the lease is given up.
class HeldProgram {
 public:
  HeldProgram() : path_(::testing::TempDir() + "held-program-" + std::to_string(::getpid())) {
    UniqueFd made(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700));
    const std::string_view script = "#!/bin/sh\n";
    is_held_ = ::write(made.get(), script.data(), script.size()) == static_cast<ssize_t>(script.size());
    made.reset();
    file_ = UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    // The holder is told by a signal; this one is ignored by default.
    is_held_ = is_held_ && ::fcntl(file_.get(), F_SETSIG, SIGURG) == 0 &&
               ::fcntl(file_.get(), F_SETLEASE, F_WRLCK) == 0;
  }
  ~HeldProgram() { ::unlink(path_.c_str()); }
  HeldProgram(const HeldProgram&) = delete;
  HeldProgram& operator=(const HeldProgram&) = delete;

  [[nodiscard]] bool is_held() const { return is_held_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  UniqueFd file_;
  bool is_held_ = false;
};

TEST(Child, OneThatCannotBeStartedInTimeIsGivenUp) {
  const HeldProgram program;
  if (!program.is_held()) GTEST_SKIP() << "this file system has no leases";
  ChildSpec spec;
  spec.argv = {program.path()};
  spec.longest_start = std::chrono::milliseconds(200);
  const auto began_at = std::chrono::steady_clock::now();
  const Result<Child> child = Child::start(spec);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, FailureCode::timed_out);
  EXPECT_THAT(child.error().what, HasSubstr(program.path()));
  EXPECT_LT(std::chrono::steady_clock::now() - began_at, std::chrono::seconds(10))
      << "a lease lasts for 45 s";
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no process is left";
}

TEST(Child, SignalsReachIt) {
  ChildSpec spec;
  spec.argv = {"/bin/sleep", "1000"};
  Result<Child> child = Child::start(spec);
  ASSERT_TRUE(child) << child.error().line();
  EXPECT_EQ(child->poll_exit(), std::nullopt);
  child->signal(SIGINT);
  EXPECT_EQ(wait_for(*child), 128 + SIGINT);
  child->signal(SIGTERM);  // harmless after the end
  EXPECT_EQ(child->poll_exit(), 128 + SIGINT);
}

TEST(Child, EndsWithItsParent) {
  Pipe output = open_pipe().value();
  const pid_t parent = ::fork();
  if (parent == 0) {
    ChildSpec spec;
    spec.argv = {"/bin/sleep", "1000"};
    spec.descriptors = {output.writing.get(), output.writing.get(), output.writing.get()};
    spec.ends_with_parent = true;
    const Result<Child> child = Child::start(spec);
    ::raise(SIGKILL);
    ::_exit(1);
  }
  output.writing.reset();
  // Ends only when the orphan is gone: the test's time-out is what fails otherwise.
  EXPECT_EQ(read_all(output.reading.get()), "");
  ::waitpid(parent, nullptr, 0);
}

// A program that leaves two processes behind, one of them in a session of its own, each of which holds our
// pipe.
ChildSpec leaving_others(const Pipe& output) {
  ChildSpec spec;
  spec.argv = {"/bin/sh", "-c", "sleep 1000 & setsid sleep 1000 & echo started; exec sleep 1000"};
  spec.search_path = "/usr/bin:/bin";
  spec.environment = {"PATH=/usr/bin:/bin"};
  spec.descriptors = {output.writing.get(), output.writing.get(), output.writing.get()};
  spec.ends_with_parent = true;
  spec.is_guarded = true;
  return spec;
}

TEST(Child, AGuardEndsAllThatCameOfItWithItsParent) {
  Pipe output = open_pipe().value();
  const pid_t parent = ::fork();
  if (parent == 0) {
    const Result<Child> child = Child::start(leaving_others(output));
    ::pause();
    ::_exit(child ? 0 : 1);
  }
  output.writing.reset();
  EXPECT_EQ(read_line(output.reading.get()), "started\n");
  ::kill(parent, SIGKILL);
  EXPECT_EQ(read_all(output.reading.get()), "");
  ::waitpid(parent, nullptr, 0);
}

// At whatever moment of the start that is.
TEST(Child, AGuardLeavesNothingWhereItsParentEndsAtOnce) {
  for (int round = 0; round < 100; ++round) {
    Pipe output = open_pipe().value();
    const pid_t parent = ::fork();
    if (parent == 0) {
      const Result<Child> child = Child::start(leaving_others(output));
      ::pause();
      ::_exit(child ? 0 : 1);
    }
    output.writing.reset();
    ::usleep(static_cast<useconds_t>(round * 40));
    ::kill(parent, SIGKILL);
    const std::string said = read_all(output.reading.get());
    EXPECT_THAT(said, testing::AnyOf("", "started\n"));
    ::waitpid(parent, nullptr, 0);
  }
}

TEST(Child, AGuardEndsAsItsProgramAndEndsWhatThatLeaves) {
  Pipe output = open_pipe().value();
  ChildSpec spec = leaving_others(output);
  spec.argv.back() = "sleep 1000 & setsid sleep 1000 & echo started; exit 7";
  Result<Child> child = Child::start(spec);
  ASSERT_TRUE(child) << child.error().line();
  output.writing.reset();
  EXPECT_EQ(read_all(output.reading.get()), "started\n");
  EXPECT_EQ(wait_for(*child), 7);
}

TEST(Child, SignalsReachAGuardedProgram) {
  Pipe output = open_pipe().value();
  ChildSpec spec = leaving_others(output);
  spec.argv.back() = "trap 'exit 3' USR1; echo started; while :; do sleep 0.01; done";
  Result<Child> child = Child::start(spec);
  ASSERT_TRUE(child) << child.error().line();
  output.writing.reset();
  EXPECT_EQ(read_line(output.reading.get()), "started\n");
  child->signal(SIGUSR1);
  EXPECT_EQ(wait_for(*child), 3);
}

TEST(Child, DestroyingAGuardedOneEndsAllThatCameOfIt) {
  Pipe output = open_pipe().value();
  {
    const Result<Child> child = Child::start(leaving_others(output));
    ASSERT_TRUE(child) << child.error().line();
    output.writing.reset();
    EXPECT_EQ(read_line(output.reading.get()), "started\n");
  }
  EXPECT_EQ(read_all(output.reading.get()), "");
}

TEST(Pty, IsTheControllingTerminalOfTheChild) {
  Pty pty = open_pty().value();
  set_window_size(pty.master.get(), 123, 45);
  ChildSpec spec;
  spec.argv = {"/bin/sh", "-c", "test -t 0 && test -t 2 && stty size </dev/tty"};
  spec.environment = {"PATH=/usr/bin:/bin"};
  spec.descriptors = {pty.slave.get(), pty.slave.get(), pty.slave.get()};
  spec.has_terminal = true;
  Result<Child> child = Child::start(spec);
  ASSERT_TRUE(child) << child.error().line();
  pty.slave.reset();
  EXPECT_EQ(read_all(pty.master.get()), "45 123\r\n");
  EXPECT_EQ(wait_for(*child), 0);
}

TEST(Pty, KeepsWhatWasWrittenBeforeTheEnd) {
  Pty pty = open_pty().value();
  ChildSpec spec;
  spec.argv = {"/usr/bin/seq", "1", "20000"};
  spec.descriptors = {pty.slave.get(), pty.slave.get(), pty.slave.get()};
  spec.has_terminal = true;
  Result<Child> child = Child::start(spec);
  ASSERT_TRUE(child) << child.error().line();
  pty.slave.reset();
  const std::string output = read_all(pty.master.get());
  EXPECT_TRUE(output.starts_with("1\r\n2\r\n"));
  EXPECT_TRUE(output.ends_with("\r\n19999\r\n20000\r\n"));
  EXPECT_EQ(wait_for(*child), 0);
}

TEST(Process, KnowsChildrenAndNumbers) {
  ChildSpec spec;
  spec.argv = {"/bin/sleep", "1000"};
  Result<Child> child = Child::start(spec);
  ASSERT_TRUE(child) << child.error().line();
  EXPECT_THAT(children_of(::getpid()), ::testing::Contains(child->pid()));
  EXPECT_TRUE(innermost_pid(child->pid()).has_value());
  const UniqueFd process = open_process(child->pid()).value();
  EXPECT_FALSE(has_ended(process));
  kill_and_wait(process, std::chrono::milliseconds(10'000));
  EXPECT_TRUE(has_ended(process));
  EXPECT_EQ(wait_for(*child), 128 + SIGKILL);
}

}  // namespace
}  // namespace ferry::sys

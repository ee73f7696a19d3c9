// The wrapper script as real shells run it, on a real pseudo-terminal set up as the exec agent does it.
#include "wire/exec_wrapper.hpp"

#include "wire/command_line.hpp"
#include "wire/exec_decoder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <random>
#include <signal.h>
#include <stdlib.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::wire {
namespace {

using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kNonce = "0123456789abcdef0123456789abcdef";

struct Shell {
  std::string name;
  std::vector<std::string> argv;  // in place of "sh"
};

// What the words say, run with a pseudo-terminal as standard streams and controlling terminal.
class PtyProcess {
 public:
  PtyProcess(std::vector<std::string> words, const std::string& path) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = forkpty(&master_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      if (!path.empty()) setenv("PATH", path.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
      execvp(argv[0], argv.data());
      _exit(127);
    }
    fcntl(master_, F_SETFL, O_NONBLOCK);
  }
  ~PtyProcess() {
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);
    close(master_);
    waitpid(pid_, nullptr, 0);
  }
  PtyProcess(const PtyProcess&) = delete;
  PtyProcess& operator=(const PtyProcess&) = delete;

  // Empty at the end of the output (and, failing the test, after 20 silent seconds). Writes what it can of
  // `input` meanwhile.
  Bytes exchange(std::string& input) {
    while (true) {
      pollfd ready{.fd = master_, .events = POLLIN, .revents = 0};
      if (!input.empty()) ready.events |= POLLOUT;
      const int count = poll(&ready, 1, 20'000);
      EXPECT_GT(count, 0) << "silent for 20 s";
      if (count <= 0) return {};
      if ((ready.revents & POLLOUT) != 0) {
        const ssize_t written = write(master_, input.data(), std::min<std::size_t>(input.size(), 1024));
        if (written > 0) input.erase(0, static_cast<std::size_t>(written));
      }
      if ((ready.revents & (POLLIN | POLLHUP)) == 0) continue;
      Bytes bytes(4096);
      const ssize_t got = read(master_, bytes.data(), bytes.size());
      if (got < 0 && errno == EAGAIN) continue;
      bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
      return bytes;
    }
  }

 private:
  int master_ = -1;
  pid_t pid_ = -1;
};

struct Outcome {
  std::string output;
  std::optional<int> exit_code;
  std::optional<std::string> missing_tool;
  bool started = false;
};

// Runs the wrapped command to its end frame (or the terminal's end); `input` goes out after the start frame.
// The input is typed once the command has started and printed `awaited`.
Outcome run(const Shell& shell, const ExecPlan& plan, std::string input = {}, const std::string& path = {},
            std::string_view awaited = {}) {
  Result<std::vector<std::string>> words = split_command_line(wrap_command(plan));
  EXPECT_EQ(words->at(0), "sh");
  std::vector<std::string> argv = shell.argv;
  argv.insert(argv.end(), words->begin() + 1, words->end());
  PtyProcess process(argv, path);
  ExecDecoder decoder(plan.nonce);
  Outcome outcome;
  std::string nothing;
  while (!decoder.exit_code() && !decoder.missing_tool()) {
    const Bytes bytes =
        process.exchange(decoder.has_started() && outcome.output.contains(awaited) ? input : nothing);
    if (bytes.empty()) break;
    outcome.output += as_text(decoder.feed(bytes));
  }
  outcome.output += as_text(decoder.finish());
  outcome.exit_code = decoder.exit_code();
  outcome.missing_tool = decoder.missing_tool();
  outcome.started = decoder.has_started();
  return outcome;
}

ExecPlan plan_of(std::vector<std::string> command) {
  ExecPlan plan;
  plan.nonce = kNonce;
  plan.command = std::move(command);
  return plan;
}

ExecPlan plan_with_input(std::vector<std::string> command) {
  ExecPlan plan = plan_of(std::move(command));
  plan.has_input = true;
  return plan;
}

ExecPlan plan_on_terminal(std::vector<std::string> command) {
  ExecPlan plan = plan_with_input(std::move(command));
  plan.terminal = ExecTerminal{.columns = 132, .rows = 43, .type = "vt100"};
  return plan;
}

std::string input_lines(std::string_view bytes) {
  std::string lines;
  for (std::size_t at = 0; at < bytes.size(); at += kMaxInputChunk)
    lines += frame_input(as_bytes(bytes.substr(at, kMaxInputChunk)));
  return lines += kEndOfInput;
}

std::string random_text(std::size_t size) {
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same bytes in every run
  std::string text(size, '\0');
  for (char& character : text) character = static_cast<char>(random() & 0xffU);
  return text;
}

class ExecWrapper : public testing::TestWithParam<Shell> {};

TEST_P(ExecWrapper, BringsBackEveryExitCode) {
  for (const int code : {0, 1, 2, 7, 100, 125, 126, 127, 128, 130, 137, 254, 255}) {
    const Outcome outcome = run(GetParam(), plan_of({"sh", "-c", "echo out; exit " + std::to_string(code)}));
    EXPECT_EQ(outcome.exit_code, code);
    EXPECT_EQ(outcome.output, "out\n");
  }
}

TEST_P(ExecWrapper, BringsBackDeathBySignalAs128PlusItsNumber) {
  const Outcome killed = run(GetParam(), plan_of({"sh", "-c", "kill -KILL $$"}));
  EXPECT_EQ(killed.exit_code, 137);
  EXPECT_EQ(killed.output, "");
  EXPECT_EQ(run(GetParam(), plan_of({"sh", "-c", "kill -SEGV $$"})).exit_code, 139);
  EXPECT_EQ(run(GetParam(), plan_of({"sh", "-c", "kill -TERM $$"})).exit_code, 143);
}

TEST_P(ExecWrapper, TellsACommandThatIsNotThereOrNotExecutable) {
  const Outcome absent = run(GetParam(), plan_of({"no-such-command-here"}));
  EXPECT_EQ(absent.exit_code, 127);
  EXPECT_THAT(absent.output, HasSubstr("no-such-command-here"));
  EXPECT_EQ(run(GetParam(), plan_of({"/etc/passwd"})).exit_code, 126);
}

TEST_P(ExecWrapper, TreatsAWordThatAShellKnowsAsACommand) {
  EXPECT_EQ(run(GetParam(), plan_of({"exit", "3"})).exit_code, 127);
}

TEST_P(ExecWrapper, PassesArgumentsUnchanged) {
  const Outcome outcome =
      run(GetParam(), plan_of({"printf", "<%s>", "a b", "", "'\"$HOME\\", "*", "{{x}}", "é"}));
  EXPECT_EQ(outcome.output, "<a b><><'\"$HOME\\><*><{{x}}><é>");
}

TEST_P(ExecWrapper, MergesBothStreamsIntoAPipe) {
  const Outcome outcome =
      run(GetParam(), plan_of({"sh", "-c", "echo a; echo b >&2; test -t 1 || test -t 2; echo $?"}));
  EXPECT_EQ(outcome.output, "a\nb\n1\n");
}

TEST_P(ExecWrapper, GivesAnEmptyInputUnlessThereIsSome) {
  EXPECT_EQ(run(GetParam(), plan_of({"cat"})).exit_code, 0);
}

TEST_P(ExecWrapper, PassesBytesOfOutputExactly) {
  const Outcome outcome = run(GetParam(), plan_of({"printf", R"(a\r\n\r\r\nb\001\036\377\303\t\177\n\n\r)"}));
  EXPECT_EQ(outcome.output, "a\r\n\r\r\nb\x01\x1e\xff\xc3\t\x7f\n\n\r");
}

TEST_P(ExecWrapper, DoesNotCutLinesAtAScreensWidth) {
  const std::string mark(300, 'x');
  const Outcome outcome = run(GetParam(), plan_of({"sh", "-c", "ps ax; : " + mark}));
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, HasSubstr(mark));
}

TEST_P(ExecWrapper, EndsWithTheCommandNotWithItsChildren) {
  const auto start = steady_clock::now();
  const Outcome outcome = run(GetParam(), plan_of({"sh", "-c", "sleep 15 & echo begun"}));
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output, "begun\n");
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_P(ExecWrapper, CarriesInputExactlyAndItsEnd) {
  const std::string bytes = random_text(300'000);
  const Outcome outcome = run(GetParam(), plan_with_input({"cat"}), input_lines(bytes));
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(outcome.output == bytes) << outcome.output.size() << " bytes came back";
}

TEST_P(ExecWrapper, CarriesAnEmptyInput) {
  const Outcome outcome = run(GetParam(), plan_with_input({"wc", "-c"}), std::string(kEndOfInput));
  EXPECT_EQ(trim(outcome.output), "0");
}

TEST_P(ExecWrapper, EndsWithACommandThatDoesNotReadItsInput) {
  EXPECT_EQ(
      run(GetParam(), plan_with_input({"sh", "-c", "exit 9"}), input_lines(random_text(300'000))).exit_code,
      9);
  const Outcome some =
      run(GetParam(), plan_with_input({"head", "-c", "5"}), input_lines("hello world, and more"));
  EXPECT_EQ(some.output, "hello");
  EXPECT_EQ(some.exit_code, 0);
}

TEST_P(ExecWrapper, GivesInputToTheCommandBeforeItsEnd) {
  // No end of input: the command must see the line all the same.
  const Outcome outcome = run(GetParam(), plan_with_input({"sh", "-c", "read line; echo got $line"}),
                              frame_input(as_bytes("one\n")));
  EXPECT_EQ(outcome.output, "got one\n");
}

TEST_P(ExecWrapper, GivesTheCommandATerminalOfTheRightKind) {
  const Outcome outcome =
      run(GetParam(),
          plan_on_terminal(
              {"sh", "-c", "test -t 0 && test -t 1 && test -t 2 && stty size && echo $TERM; exit 5"}));
  EXPECT_EQ(outcome.output, "43 132\r\nvt100\r\n");
  EXPECT_EQ(outcome.exit_code, 5);
}

TEST_P(ExecWrapper, OutlivesTheInterruptKeyOnATerminal) {
  const ExecPlan plan = plan_on_terminal({"sh", "-c", "echo up; exec sleep 15"});
  const Outcome outcome = run(GetParam(), plan, std::string(kInterruptKey), {}, "up");
  EXPECT_EQ(outcome.exit_code, 130);
}

TEST_P(ExecWrapper, InterruptsACommandWithoutATerminal) {
  const auto start = steady_clock::now();
  const Outcome outcome = run(GetParam(), plan_of({"sleep", "15"}), std::string(kInterruptKey));
  EXPECT_TRUE(outcome.started);
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(10));
}

// An image with some tools only: a folder of links.
class Image {
 public:
  explicit Image(std::initializer_list<std::string_view> tools) {
    char name[] = "/tmp/ferry-image-XXXXXX";
    path_ = mkdtemp(name);
    for (const std::string_view tool : tools) {
      const std::string link = path_ + "/" + std::string(tool);
      EXPECT_EQ(symlink(("/usr/bin/" + std::string(tool)).c_str(), link.c_str()), 0);
      links_.push_back(link);
    }
  }
  ~Image() {
    for (const std::string& link : links_) unlink(link.c_str());
    rmdir(path_.c_str());
  }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::vector<std::string> links_;
};

TEST_P(ExecWrapper, UndoesTheTerminalsLineEndsWhereSttyIsMissing) {
  const Image image({"cat", "printf"});
  const Outcome outcome = run(GetParam(), plan_of({"printf", R"(a\n\r\nb\r)"}), {}, image.path());
  EXPECT_EQ(outcome.output, "a\n\r\nb\r");
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST_P(ExecWrapper, DoesWithoutCat) {
  const Image image({"stty", "printf"});
  const Outcome outcome = run(GetParam(), plan_of({"printf", R"(a\r\nb)"}), {}, image.path());
  EXPECT_EQ(outcome.output, "a\r\nb");
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST_P(ExecWrapper, SaysWhichToolIsMissingForInput) {
  const Image no_stty({"cat", "base64", "head"});
  EXPECT_EQ(run(GetParam(), plan_with_input({"cat"}), {}, no_stty.path()).missing_tool, "stty");
  const Image no_base64({"cat", "stty", "head"});
  const Outcome outcome = run(GetParam(), plan_with_input({"cat"}), {}, no_base64.path());
  EXPECT_EQ(outcome.missing_tool, "base64");
  EXPECT_FALSE(outcome.started);
}

INSTANTIATE_TEST_SUITE_P(Shells, ExecWrapper,
                         testing::Values(Shell{"dash", {"/usr/bin/dash"}}, Shell{"bash", {"/usr/bin/bash"}},
                                         Shell{"posix_bash", {"/usr/bin/bash", "--posix"}},
                                         Shell{"busybox", {"/usr/bin/busybox", "sh"}}),
                         [](const testing::TestParamInfo<Shell>& shell) { return shell.param.name; });

TEST(WrapCommand, IsShort) {
  EXPECT_LT(wrap_command(plan_with_input({"x"})).size(), 1024U);
  EXPECT_THAT(wrap_command(plan_of({"{{ssm:secret}}"})), Not(HasSubstr("{{")));
}

}  // namespace
}  // namespace ferry::wire

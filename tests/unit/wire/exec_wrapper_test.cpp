// The wrapper and its program as real shells run them, on a real pseudo-terminal set up as the exec agent
// does it.
#include "wire/exec_wrapper.hpp"

#include "wire/command_line.hpp"
#include "wire/exec_decoder.hpp"
#include "wire/exec_lines.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <poll.h>
#include <pty.h>
#include <random>
#include <signal.h>
#include <stdlib.h>
#include <string>
#include <sys/stat.h>
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

void PrintTo(const Shell& one, std::ostream* out) {
  *out << one.name;
}

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

struct Command {
  ExecPlan plan;
  std::vector<std::string> words;
  std::string path;   // PATH of the container; empty for this machine's
  std::string input;  // standard input, with an end unless is_left_open
  bool is_left_open = false;
  bool shows_life = false;           // at each piece of output
  bool is_beside_path = false;       // made by wrap_command_beside_path()
  std::string typed, typed_after{};  // bytes for the terminal, once the output has the second
  std::string word;                  // or one for the program
  // Messages that arrive twice, as from an agent whose connection broke before it acknowledged them.
  std::function<bool(std::size_t message)> is_doubled = [](std::size_t) { return false; };
  std::function<bool(std::size_t message)> is_lost = [](std::size_t) { return false; };
};

struct Outcome {
  std::string output, error;
  std::optional<int> exit_code;
  std::string missing_tool;
  std::string damage;
  std::optional<ExecTier> tier;
  std::string transcript;  // all that the terminal printed
  bool is_input_closed = false;
  std::size_t messages = 0;  // that went in
};

// Plays the client's part against the shell, to the command's end.
class Client {
 public:
  Client(const Shell& shell, Command command)
      : command_(std::move(command)),
        process_(argv_of(shell), command_.path),
        decoder_(command_.plan.nonce, command_.plan.exact) {}

  Outcome run() {
    while (!is_over_) {
      const Bytes bytes = process_.exchange(to_send_);
      if (bytes.empty()) break;
      outcome_.transcript += as_text(bytes);
      decoder_.feed(bytes);
      take_events();
      poll_messages();
    }
    decoder_.finish();
    take_events();
    return std::move(outcome_);
  }

  // After run(): whether the shell ends once it is told to, or by itself.
  bool ends_on_quit() {
    lines_.send(exec_word::quit);
    poll_messages();
    return ends_by_itself();
  }
  bool ends_by_itself() {
    while (true) {
      const Bytes bytes = process_.exchange(to_send_);
      if (bytes.empty()) return to_send_.empty();
    }
  }

 private:
  void poll_messages() {
    while (const std::optional<std::string> message = lines_.poll_message(Instant())) {
      EXPECT_LE(message->size(), 1'024U);
      const std::size_t number = outcome_.messages++;
      if (command_.is_lost(number)) continue;
      to_send_ += *message;
      if (command_.is_doubled(number)) to_send_ += *message;
    }
  }

  std::vector<std::string> argv_of(const Shell& shell) {
    const Result<std::vector<std::string>> words = split_command_line(
        command_.is_beside_path ? wrap_command_beside_path(command_.words) : wrap_command(command_.words));
    EXPECT_EQ(words->at(0), command_.is_beside_path ? "/bin/sh" : "sh");
    std::vector<std::string> argv = shell.argv;
    argv.insert(argv.end(), words->begin() + 1, words->end());
    return argv;
  }

  void take_events() {
    while (const std::optional<ExecEvent> event = decoder_.poll_event()) take(*event);
    if (!outcome_.output.contains(command_.typed_after) || !decoder_.has_started()) return;
    to_send_ += std::exchange(command_.typed, {});
    if (!command_.word.empty()) lines_.send(std::exchange(command_.word, {}));
  }

  void take(const ExecEvent& event) {
    if (std::holds_alternative<exec_event::Ready>(event)) lines_.send_program(command_.plan);
    if (const auto* started = std::get_if<exec_event::Started>(&event)) {
      lines_.started(started->tier, Instant());
      outcome_.tier = started->tier;
      if (command_.plan.has_input && !command_.plan.terminal) send_input();
    }
    if (const auto* refused = std::get_if<exec_event::Refused>(&event)) {
      outcome_.missing_tool = refused->missing_tool;
      is_over_ = true;
    }
    if (const auto* output = std::get_if<exec_event::Output>(&event)) {
      const bool is_error = output->stream == OutputStreamKind::standard_error;
      (is_error ? outcome_.error : outcome_.output) += as_text(output->bytes);
      if (command_.shows_life) lines_.send_alive();
    }
    if (const auto* received = std::get_if<exec_event::Received>(&event))
      lines_.received(received->below, Instant());
    if (const auto* wanted = std::get_if<exec_event::Wanted>(&event)) lines_.wanted(wanted->from, Instant());
    if (std::holds_alternative<exec_event::InputTaken>(event)) {
      lines_.taken();
      send_input();
    }
    if (std::holds_alternative<exec_event::InputClosed>(event)) outcome_.is_input_closed = true;
    if (const auto* ended = std::get_if<exec_event::Ended>(&event)) {
      outcome_.exit_code = ended->exit_code;
      is_over_ = true;
    }
    if (const auto* damaged = std::get_if<exec_event::Damaged>(&event)) {
      outcome_.damage = damaged->what;
      is_over_ = true;
    }
  }

  void send_input() {
    while (!command_.input.empty() && lines_.has_room()) {
      const std::string chunk = command_.input.substr(0, kMaxInputChunk);
      command_.input.erase(0, chunk.size());
      lines_.send_chunk(as_bytes(chunk));
    }
    if (command_.input.empty() && !command_.is_left_open && !std::exchange(is_end_sent_, true))
      lines_.send_end_of_input();
  }

  Command command_;
  PtyProcess process_;
  ExecDecoder decoder_;
  ExecLines lines_;
  std::string to_send_;
  bool is_end_sent_ = false;
  Outcome outcome_;
  bool is_over_ = false;
};

Command plain(std::vector<std::string> words) {
  Command command;
  command.plan.nonce = kNonce;
  command.words = std::move(words);
  return command;
}

Command exact(std::vector<std::string> words) {
  Command command = plain(std::move(words));
  command.plan.exact = true;
  return command;
}

Command with_input(std::vector<std::string> words, std::string input) {
  Command command = plain(std::move(words));
  command.plan.has_input = true;
  command.input = std::move(input);
  return command;
}

Command on_terminal(std::vector<std::string> words) {
  Command command = plain(std::move(words));
  command.plan.has_input = true;
  command.plan.terminal = ExecTerminal{.columns = 132, .rows = 43, .type = "vt100"};
  return command;
}

Command in_image(const Image& image, Command command) {
  command.path = image.path();
  return command;
}

// Of busybox as Debian links it statically: an image cannot lack what its shell is itself.
bool brings_its_own_tools(const Shell& shell) {
  std::string line = "PATH=/nonexistent";
  for (const std::string& word : shell.argv) line += " " + word;
  return std::system((line + " -c 'command -v dd' >/dev/null").c_str()) == 0;  // NOLINT: one thread
}

std::string random_text(std::size_t size) {
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same bytes in every run
  std::string text(size, '\0');
  for (char& character : text) character = static_cast<char>(random() & 0xffU);
  return text;
}

class ExecWrapper : public testing::TestWithParam<Shell> {
 protected:
  static Outcome run(Command command) { return Client(GetParam(), std::move(command)).run(); }
};

class ExecWrapperWithoutTools : public ExecWrapper {
 protected:
  void SetUp() override {
    if (brings_its_own_tools(GetParam())) GTEST_SKIP() << "this shell brings its own tools";
  }
};

TEST_P(ExecWrapper, BringsBackEveryExitCode) {
  for (const int code : {0, 1, 2, 7, 100, 125, 126, 127, 128, 130, 137, 254, 255}) {
    const Outcome outcome = run(plain({"sh", "-c", "echo out; exit " + std::to_string(code)}));
    EXPECT_EQ(outcome.exit_code, code);
    EXPECT_EQ(outcome.output, "out\n");
  }
}

TEST_P(ExecWrapper, BringsBackDeathBySignalAs128PlusItsNumber) {
  const Outcome killed = run(plain({"sh", "-c", "kill -KILL $$"}));
  EXPECT_EQ(killed.exit_code, 137);
  EXPECT_EQ(killed.output + killed.error, "");
  EXPECT_EQ(run(plain({"sh", "-c", "kill -SEGV $$"})).exit_code, 139);
  EXPECT_EQ(run(plain({"sh", "-c", "kill -TERM $$"})).exit_code, 143);
}

TEST_P(ExecWrapper, TellsACommandThatIsNotThereOrNotExecutable) {
  const Outcome absent = run(plain({"no-such-command-here"}));
  EXPECT_EQ(absent.exit_code, 127);
  EXPECT_THAT(absent.error, HasSubstr("no-such-command-here"));
  EXPECT_EQ(run(plain({"/etc/passwd"})).exit_code, 126);
}

TEST_P(ExecWrapper, TreatsAWordThatAShellKnowsAsACommand) {
  EXPECT_EQ(run(plain({"exit", "3"})).exit_code, 127);
}

TEST_P(ExecWrapper, PassesArgumentsUnchanged) {
  const Outcome outcome = run(plain({"printf", "<%s>", "a b", "", "'\"$HOME\\", "*", "{{x}}", "é"}));
  EXPECT_EQ(outcome.output, "<a b><><'\"$HOME\\><*><{{x}}><é>");
}

TEST_P(ExecWrapper, LeavesTheEnvironmentAndTheSignalsAlone) {
  const Outcome outcome = run(plain({"sh", "-c", "env | grep '^_[a-z]'; kill -INT $$; echo survived"}));
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.exit_code, 130);
}

TEST_P(ExecWrapper, KeepsTheStreamsApartAndAwayFromTheTerminal) {
  for (const auto& with : {plain, exact}) {
    const Outcome outcome = run(with({"sh", "-c",
                                      "echo a; echo b >&2; test -t 1 || test -t 2; echo $?; for f in 3 4 5 6 "
                                      "7 8 9; do test ! -e /proc/$$/fd/$f || echo $f; done"}));
    EXPECT_EQ(outcome.output, "a\n1\n");
    EXPECT_EQ(outcome.error, "b\n");
    EXPECT_FALSE(outcome.tier->is_merged);
  }
}

TEST_P(ExecWrapper, GivesAnEmptyInputUnlessThereIsSome) {
  EXPECT_EQ(run(plain({"cat"})).exit_code, 0);
}

TEST_P(ExecWrapper, EndsTheCommandOfAClientThatShowsNoLifeAndThenItself) {
  Command command = plain({"sh", "-c", "echo up; exec sleep 1000"});
  command.plan.longest_silence = seconds(1);
  Client client(GetParam(), std::move(command));
  const Outcome outcome = client.run();
  EXPECT_EQ(outcome.output, "up\n");
  EXPECT_EQ(outcome.exit_code, 143);
  EXPECT_TRUE(client.ends_by_itself());
}

TEST_P(ExecWrapper, KillsWhatDoesNotHeedThatTheClientIsGone) {
  Command command = plain({"sh", "-c", "trap '' TERM HUP; while :; do sleep 1; done"});
  command.plan.longest_silence = seconds(1);
  Client client(GetParam(), std::move(command));
  client.run();
  EXPECT_TRUE(client.ends_by_itself());
}

TEST_P(ExecWrapper, LetsTheCommandRunAsLongAsTheClientShowsLife) {
  Command command = plain({"sh", "-c", "for i in 1 2 3 4; do sleep 1; echo $i; done; exit 5"});
  command.plan.longest_silence = seconds(3);
  command.shows_life = true;
  EXPECT_EQ(run(std::move(command)).exit_code, 5);
}

TEST_P(ExecWrapper, EndsInputAndItselfAlsoWhereItWaitsForSignsOfLife) {
  Command command = with_input({"cat"}, "all of it");
  command.plan.longest_silence = seconds(600);
  Client client(GetParam(), std::move(command));
  const Outcome outcome = client.run();
  EXPECT_EQ(outcome.output, "all of it");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(client.ends_on_quit());
}

TEST_P(ExecWrapper, PassesBytesOfBothStreamsExactly) {
  const std::string hard = R"(a\r\n\r\r\nb\001\000\036\377\303\t\177\n\357\277\275\n\r\357\277)";
  const std::string bytes("a\r\n\r\r\nb\x01\0\x1e\xff\xc3\t\x7f\n\xef\xbf\xbd\n\r\xef\xbf", 22);
  for (const auto& with : {plain, exact}) {
    const Outcome outcome = run(with({"sh", "-c", "printf '" + hard + "'; printf '" + hard + "' >&2"}));
    EXPECT_EQ(outcome.output, bytes);
    EXPECT_EQ(outcome.error, bytes);
    EXPECT_EQ(outcome.damage, "");
  }
}

TEST_P(ExecWrapper, NeverSendsWhatAnAgentDamages) {
  const Outcome outcome =
      run(plain({"sh", "-c", R"(printf 'x\357\277'; sleep 0.2; printf '\275y'; printf '\357\277\275' >&2)"}));
  EXPECT_EQ(outcome.output, "x\xef\xbf\xbdy");
  EXPECT_EQ(outcome.error, "\xef\xbf\xbd");
  EXPECT_THAT(outcome.transcript, Not(HasSubstr("\xef\xbf\xbd")));
}

TEST_P(ExecWrapper, LeavesOrdinaryTextReadable) {
  const Outcome outcome =
      run(plain({"sh", "-c", "echo 'an ordinary line, größer（）'; echo 'an error' >&2"}));
  EXPECT_THAT(outcome.transcript, HasSubstr("an ordinary line, größer（）\n"));
  EXPECT_THAT(outcome.transcript, HasSubstr("an error\n"));
}

TEST_P(ExecWrapper, CompressesWhatIsLargeWithExactFraming) {
  const Outcome outcome = run(exact({"sh", "-c", "seq 1 100000; seq 1 100000 >&2"}));
  EXPECT_EQ(outcome.output.size(), 588'895U);
  EXPECT_EQ(outcome.error.size(), 588'895U);
  EXPECT_LT(outcome.transcript.size(), 800'000U);
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST_P(ExecWrapper, BringsBackBothStreamsAtOnce) {
  const Outcome outcome = run(plain({"sh", "-c", "seq 1 100000 & seq 1 100000 >&2; wait"}));
  EXPECT_EQ(outcome.output.size(), 588'895U);
  EXPECT_EQ(outcome.output, outcome.error);
}

TEST_P(ExecWrapper, EndsWithTheCommandNotWithItsChildren) {
  const auto start = steady_clock::now();
  Client client(GetParam(), plain({"sh", "-c", "trap '' HUP; sleep 15 & echo begun"}));
  const Outcome outcome = client.run();
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output, "begun\n");
  EXPECT_TRUE(client.ends_on_quit());
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_P(ExecWrapper, CarriesInputExactlyAndItsEnd) {
  const std::string bytes = random_text(300'000);
  const Outcome outcome = run(with_input({"cat"}, bytes));
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(outcome.output == bytes) << outcome.output.size() << " bytes came back";
}

TEST_P(ExecWrapper, CarriesAnEmptyInput) {
  EXPECT_EQ(trim(run(with_input({"wc", "-c"}, "")).output), "0");
}

TEST_P(ExecWrapper, EndsWithACommandThatDoesNotReadItsInput) {
  EXPECT_EQ(run(with_input({"sh", "-c", "exit 9"}, random_text(300'000))).exit_code, 9);
  const Outcome some = run(with_input({"head", "-c", "5"}, "hello world, and more"));
  EXPECT_EQ(some.output, "hello");
  EXPECT_EQ(some.exit_code, 0);
}

TEST_P(ExecWrapper, SaysWhenTheCommandReadsNoMore) {
  const Outcome outcome = run(with_input({"sh", "-c", "exec <&-; sleep 3"}, random_text(300'000)));
  EXPECT_TRUE(outcome.is_input_closed);
}

TEST_P(ExecWrapper, GivesInputToTheCommandBeforeItsEnd) {
  Command command = with_input({"sh", "-c", "read line; echo got $line"}, "one\n");
  command.is_left_open = true;
  EXPECT_EQ(run(std::move(command)).output, "got one\n");
}

// The input that a command gets when messages of the session come twice. Where the command ends before its
// input, not all of it goes in.
std::string input_seen(const Outcome& outcome) {
  return outcome.exit_code == 0 ? outcome.output : "status " + std::to_string(outcome.exit_code.value_or(-1));
}

TEST_P(ExecWrapper, TakesWhatCameTwiceOnce) {
  for (const std::string& input : {std::string(), std::string("INSERT 1;\n"), random_text(120'000)}) {
    const auto command = [&] { return with_input({"cat"}, input); };
    const std::size_t messages = run(command()).messages;
    // Each message of the program and the first of the input, then some: all of them would take minutes.
    for (std::size_t at = 0; at < messages; at += at < 12 ? 1 : 17) {
      SCOPED_TRACE(testing::Message() << "message " << at << " of " << messages);
      Command doubled = command();
      doubled.is_doubled = [at](std::size_t message) { return message == at; };
      EXPECT_TRUE(input_seen(run(std::move(doubled))) == input);
    }
    Command stuttering = command();
    stuttering.is_doubled = [](std::size_t) { return true; };
    EXPECT_TRUE(input_seen(run(std::move(stuttering))) == input);
  }
}

TEST_P(ExecWrapper, TakesWhatCameTwiceOnceWithOdForBase64) {
  const Image image({"stty", "dd", "od", "cat"});
  const std::string bytes = random_text(5'000);
  for (const bool is_all : {true, false}) {
    Command command = in_image(image, with_input({"cat"}, bytes));
    command.is_doubled = [is_all](std::size_t message) { return is_all || message % 3 == 0; };
    EXPECT_TRUE(input_seen(run(std::move(command))) == bytes);
  }
}

TEST_P(ExecWrapper, AsksForWhatItLacksAndTakesNothingBehindIt) {
  const std::string bytes = random_text(120'000);
  const std::size_t first = run(with_input({"cat"}, "")).messages;
  for (const std::size_t at : {first - 1, first, first + 1, first + 40, first + 80}) {
    SCOPED_TRACE(testing::Message() << "message " << at);
    Command command = with_input({"cat"}, bytes);
    command.is_lost = [at](std::size_t message) { return message == at; };
    EXPECT_TRUE(input_seen(run(std::move(command))) == bytes);
  }
}

TEST_P(ExecWrapper, TypesNothingOfItsOwnIntoACommandOnATerminal) {
  Command command = on_terminal({"sh", "-c", "while read -r line; do echo \"<$line>\"; done"});
  command.typed = "typed\nq\n\x04";
  command.is_doubled = [](std::size_t) { return true; };
  const Outcome outcome = run(std::move(command));
  // The empty line that ends the program is the one thing that may come again.
  std::string lines;
  for (const std::string_view line : split(outcome.output, '\n'))
    if (line.starts_with('<')) lines += trim(line);
  EXPECT_EQ(lines, "<><typed><q>") << outcome.transcript;
}

// A decoder that fails is no command that reads no more.
TEST_P(ExecWrapper, NeverTakesAFailedDecoderForACommandThatReadsNoMore) {
  if (brings_its_own_tools(GetParam())) GTEST_SKIP() << "this shell brings its own tools";
  const Image image({"stty", "dd", "cat", "sh", "sleep", "head", "rm"});
  const std::string decoder = image.path() + "/base64";
  for (const std::string_view failure : {"exit 1", "kill -9 $$", "kill -11 $$"}) {
    SCOPED_TRACE(failure);
    // It encodes, and fails to decode.
    std::ofstream(decoder) << "#!/bin/sh\n[ \"$1\" = -d ] && { " << failure
                           << "; }\nexec /usr/bin/base64 \"$@\"\n";
    chmod(decoder.c_str(), 0755);
    Command command = in_image(image, exact({"/bin/sh", "-c", "cat; sleep 20"}));
    command.plan.has_input = true;
    command.input = "some input";
    const Outcome outcome = run(std::move(command));
    EXPECT_FALSE(outcome.is_input_closed);
    EXPECT_NE(outcome.damage, "");
    EXPECT_FALSE(outcome.exit_code);
    unlink(decoder.c_str());
  }
}

TEST_P(ExecWrapper, TakesNoCommandThatReadsNoMoreForAFailedDecoderWhereTheBrokenPipeIsIgnored) {
  signal(SIGPIPE, SIG_IGN);
  const Outcome outcome = run(with_input({"sh", "-c", "exec <&-; exit 4"}, random_text(300'000)));
  signal(SIGPIPE, SIG_DFL);
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_EQ(outcome.damage, "");
}

TEST_P(ExecWrapper, AnswersSignsOfLifeWhileTheCommandIsSilent) {
  Command command = plain({"sh", "-c", "echo up; sleep 1"});
  command.word = exec_word::ping;
  command.typed_after = "up\n";
  const Outcome outcome = run(std::move(command));
  EXPECT_THAT(outcome.transcript, HasSubstr("\x1e" + std::string(kNonce.substr(0, 16)) + "r"));
  EXPECT_EQ(outcome.output, "up\n");
}

TEST_P(ExecWrapper, SignalsAllThatRunsInTheSession) {
  for (const std::string_view name : {"TERM", "KILL"}) {
    Command command =
        with_input({"sh", "-c", "sh -c 'sleep 15; :' & echo up; wait; sleep 15"}, std::string(300'000, 'x'));
    command.word = exec_word::signal(name);
    command.typed_after = "up\n";
    const auto start = steady_clock::now();
    const Outcome outcome = run(std::move(command));
    EXPECT_EQ(outcome.exit_code, name == "TERM" ? 143 : 137);
    EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(10));
  }
}

TEST_P(ExecWrapper, NeverTakesAFailedToolForTheEnd) {
  // What a lack of memory does: the reader of our output is killed, here by the command itself.
  const Outcome outcome = run(plain({"sh", "-c", R"(
    read -r own </proc/$$/stat; set -- ${own##*) }; session=$4; killed=
    while test -z "$killed"; do
      for stat in /proc/[0-9]*/stat; do
        read -r line <$stat && set -- ${line##*) } || continue
        case $line in *'(dd)'*) test $session != $4 || { killed=${stat#/proc/}; kill -9 ${killed%/stat}; } ;; esac
      done
    done 2>/dev/null
    echo lost; sleep 1)"}));
  EXPECT_NE(outcome.damage, "");
  EXPECT_FALSE(outcome.exit_code);
}

TEST_P(ExecWrapper, GivesTheCommandATerminalOfTheRightKind) {
  const Outcome outcome = run(
      on_terminal({"sh", "-c", "test -t 0 && test -t 1 && test -t 2 && stty size && echo $TERM; exit 5"}));
  EXPECT_EQ(outcome.output, "43 132\r\nvt100\r\n");
  EXPECT_EQ(outcome.exit_code, 5);
}

TEST_P(ExecWrapper, OutlivesTheInterruptKeyOnATerminal) {
  Command command = on_terminal({"sh", "-c", "echo up; exec sleep 15"});
  command.typed = "\x03";
  command.typed_after = "up";
  EXPECT_EQ(run(std::move(command)).exit_code, 130);
}

TEST_P(ExecWrapperWithoutTools, KeepsTheStreamsApartWithoutStty) {
  const Image image({"dd", "base64", "printf"});
  const Outcome outcome = run(in_image(image, plain({"printf", R"(a\n\r\nb\r)"})));
  EXPECT_EQ(outcome.output, "a\n\r\nb\r");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_FALSE(outcome.tier->is_merged);
  EXPECT_FALSE(outcome.tier->is_quiet);
}

TEST_P(ExecWrapperWithoutTools, KeepsTheStreamsApartWithOdForBase64) {
  const Image image({"stty", "dd", "od", "cat", "sh"});
  for (const auto& with : {plain, exact}) {
    const Outcome outcome = run(
        in_image(image, with({"/bin/sh", "-c", R"(printf 'a\r\n%%\\x'; printf 'b\000\377' >&2; exit 3)"})));
    EXPECT_EQ(outcome.output, "a\r\n%\\x");
    EXPECT_EQ(outcome.error, std::string("b\0\xff", 3));
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_FALSE(outcome.tier->is_merged);
  }
  const std::string bytes = random_text(5'000);
  EXPECT_TRUE(run(in_image(image, with_input({"cat"}, bytes))).output == bytes);
}

TEST_P(ExecWrapperWithoutTools, MergesTheStreamsAndSaysWhatIsMissing) {
  const Image image({"stty", "cat", "base64"});
  for (const auto& with : {plain, exact}) {
    const Outcome outcome =
        run(in_image(image, with({"/bin/sh", "-c", R"(printf 'a\r\n'; printf 'b\377' >&2; exit 3)"})));
    EXPECT_EQ(outcome.output, "a\r\nb\xff");
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_TRUE(outcome.tier->is_merged);
    EXPECT_THAT(outcome.tier->missing_tools, testing::Contains("dd"));
  }
}

TEST_P(ExecWrapper, DoesWithoutAnyTool) {
  const Image image({});
  const Outcome outcome = run(in_image(image, plain({"/usr/bin/printf", R"(a\r\nb)"})));
  EXPECT_EQ(outcome.output, "a\r\nb");
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST_P(ExecWrapperWithoutTools, SaysWhichToolIsMissingForInput) {
  const Image image({"cat", "base64", "head", "dd"});
  const Outcome outcome = run(in_image(image, with_input({"cat"}, "x")));
  EXPECT_EQ(outcome.missing_tool, "stty");
  EXPECT_FALSE(outcome.tier);
}

std::string name_of(const testing::TestParamInfo<Shell>& shell) {
  return shell.param.name;
}

const auto kShells = testing::Values(Shell{"dash", {"/usr/bin/dash"}}, Shell{"bash", {"/usr/bin/bash"}},
                                     Shell{"posix_bash", {"/usr/bin/bash", "--posix"}},
                                     Shell{"busybox", {"/usr/bin/busybox", "sh"}});

TEST_P(ExecWrapper, FindsToolsAndCommandBesideAPathThatLeadsNowhere) {
  for (const std::string path : {"/opt/none", ":"}) {
    Command command = with_input({"sh", "-c", "cat; echo $PATH; echo to-stderr >&2; exit 4"}, "in\n");
    command.path = path;
    command.is_beside_path = true;
    const Outcome outcome = run(std::move(command));
    EXPECT_THAT(outcome.output, testing::StartsWith("in\n" + path + ":/usr/local/sbin:"));
    EXPECT_EQ(outcome.error, "to-stderr\n");
    EXPECT_EQ(outcome.exit_code, 4);
    EXPECT_FALSE(outcome.tier->is_merged);
  }
}

INSTANTIATE_TEST_SUITE_P(Shells, ExecWrapper, kShells, name_of);
INSTANTIATE_TEST_SUITE_P(Shells, ExecWrapperWithoutTools, kShells, name_of);

TEST(WrapCommand, IsShortAndReadable) {
  const std::string command = wrap_command({"rails", "runner", "p 1", "{{ssm:secret}}"});
  EXPECT_LT(command.size(), 400U);
  EXPECT_THAT(command, Not(HasSubstr("{{")));
  EXPECT_THAT(command, HasSubstr(" sh rails runner 'p 1' "));
}

TEST(WrapCommand, CarriesAMarkInFrontOfTheWords) {
  const Result<std::vector<std::string>> words = split_command_line(wrap_command({"ls", "-l"}, "ferry-12ab"));
  ASSERT_EQ(words->size(), 6U);
  EXPECT_TRUE(words->at(2).ends_with(" #ferry-12ab"));
}

TEST(ExecProgram, FitsATerminalsLines) {
  const ExecProgram program = exec_program(with_input({"x"}, "").plan);
  EXPECT_LT(program.loader.size(), 255U);
  std::size_t size = program.loader.size();
  for (const std::string& line : program.lines) {
    EXPECT_LT(line.size(), 240U);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    size += line.size() + 5;
  }
  EXPECT_LT(size, std::size_t{7} * 1'024);
}

}  // namespace
}  // namespace ferry::wire

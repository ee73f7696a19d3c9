// The model of the program against the program itself: a real shell on a real pseudo-terminal, the same
// command, and the same frames from both.
#include "program_model.hpp"

#include "wire/command_line.hpp"
#include "wire/exec_lines.hpp"
#include "wire/exec_wrapper.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <poll.h>
#include <pty.h>
#include <set>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::sim {
namespace {

constexpr std::string_view nonce = "0123456789abcdeffedcba9876543210";
constexpr std::string_view end_marker = "fedcba9876543210=";
constexpr std::string_view ready =
    "\x1e"
    "ferry1r\x1e";

// What a transcript says, however the pieces of output were cut.
struct Content {
  std::string started;                     // the first frame after the program was sent
  std::map<char, std::string> streams;     // decoded
  std::map<char, std::set<char>> codings;  // r: raw, outside of frames

  bool operator==(const Content&) const = default;
};

void take_frame(Content& content, std::string_view text) {
  if (content.started.empty()) {
    content.started = text;
    return;
  }
  std::string body(text.substr(2));
  content.codings[text[0]].insert(text[1]);
  if (text[1] == 'b') {
    std::erase(body, '\n');
    body = as_text(from_base64(body).value_or(to_bytes("not base64")));
  }
  content.streams[text[0]] += body;
}

Content content_of(std::string_view transcript) {
  Content content;
  EXPECT_TRUE(transcript.starts_with(ready));
  transcript.remove_prefix(ready.size());
  const std::string opening = "\x1e" + std::string(nonce.substr(0, 16));
  while (!transcript.empty()) {
    const std::size_t at = std::min(transcript.find(opening), transcript.size());
    if (at > 0) {
      content.streams['o'] += transcript.substr(0, at);
      content.codings['o'].insert('r');
    }
    transcript.remove_prefix(at);
    if (transcript.empty()) break;
    const std::size_t end = transcript.find('\x1e', opening.size());
    if (end == std::string_view::npos) {
      ADD_FAILURE() << "a frame is not whole";
      break;
    }
    take_frame(content, transcript.substr(opening.size(), end - opening.size()));
    transcript.remove_prefix(end + 1);
  }
  return content;
}

bool is_over(const Content& content) {
  return std::ranges::count_if(content.streams, [](const auto& stream) {
           return stream.second.contains(end_marker) && stream.second.ends_with(';');
         }) == 2;
}

bool has_whole_end(std::string_view transcript) {
  return std::ranges::count(transcript, '\x1e') % 2 == 0 && transcript.starts_with(ready) &&
         is_over(content_of(transcript));
}

std::string program_text(const wire::ExecPlan& plan) {
  wire::ExecLines lines;
  lines.send_program(plan);
  std::string text;
  while (const std::optional<std::string> message = lines.poll_message(Instant())) text += *message;
  return text;
}

std::string run_in_a_shell(const std::vector<std::string>& command, const wire::ExecPlan& plan) {
  std::vector<std::string> words = *wire::split_command_line(wire::wrap_command(command));
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    execvp(argv[0], argv.data());
    _exit(127);
  }
  std::string transcript;
  bool is_sent = false;
  while (!has_whole_end(transcript)) {
    pollfd readable{.fd = terminal, .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, 20'000) <= 0) break;
    std::array<char, 4096> piece{};
    const ssize_t count = read(terminal, piece.data(), piece.size());
    if (count <= 0) break;
    transcript.append(piece.data(), static_cast<std::size_t>(count));
    if (!is_sent && transcript.starts_with(ready)) {
      const std::string program = program_text(plan);
      EXPECT_EQ(write(terminal, program.data(), program.size()), static_cast<ssize_t>(program.size()));
      is_sent = true;
    }
  }
  EXPECT_TRUE(has_whole_end(transcript)) << transcript;
  kill(pid, SIGKILL);
  close(terminal);
  waitpid(pid, nullptr, 0);
  return transcript;
}

std::string run_in_the_model(const CommandModel& command, const wire::ExecPlan& plan) {
  Random random(1);
  ProgramModel program({}, command, false, random);
  program.type(as_bytes(program_text(plan)));
  while (program.step()) {
  }
  return std::string(as_text(program.take_output()));
}

class ProgramModelOf : public testing::TestWithParam<bool> {};

TEST_P(ProgramModelOf, ARealShellPrintsTheSameFrames) {
  wire::ExecPlan plan;
  plan.nonce = nonce;
  plan.exact = GetParam();
  CommandModel command;
  command.standard_output = to_bytes("out\n\xff text");
  command.standard_error = to_bytes("err\n");
  command.exit_code = 3;
  const std::string real =
      run_in_a_shell({"sh", "-c", R"(printf 'out\n\377 text'; printf 'err\n' >&2; exit 3)"}, plan);
  EXPECT_EQ(content_of(real), content_of(run_in_the_model(command, plan)));
}

TEST_P(ProgramModelOf, ARealShellEncodesWhatAnAgentWouldDamage) {
  wire::ExecPlan plan;
  plan.nonce = nonce;
  plan.exact = GetParam();
  CommandModel command;
  command.standard_error = to_bytes("\xef\xbf\xbd");
  const std::string real = run_in_a_shell({"printf", R"(\357\277\275)"}, plan);
  // The other way round: what a command writes to one stream is not in the other.
  EXPECT_NE(content_of(real), content_of(run_in_the_model(command, plan)));
  std::swap(command.standard_output, command.standard_error);
  EXPECT_EQ(content_of(real).streams, content_of(run_in_the_model(command, plan)).streams);
  EXPECT_TRUE(content_of(real).codings.at('o').contains('b'));
}

INSTANTIATE_TEST_SUITE_P(PlainAndExact, ProgramModelOf, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& exact) {
                           return std::string(exact.param ? "exact" : "plain");
                         });

}  // namespace
}  // namespace ferry::sim

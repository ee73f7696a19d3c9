#include "wire/exec_lines.hpp"

#include "wire/agent_message.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::wire {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Instant kStart{milliseconds(1'000'000)};
constexpr ExecLineTimes kTimes{.resend_after = milliseconds(10'000), .give_up_after = milliseconds(60'000)};

ExecPlan plan() {
  ExecPlan plan;
  plan.nonce = "0123456789abcdef0123456789abcdef";
  plan.has_input = true;
  return plan;
}

ExecTier tier() {
  return {.has_base64 = true, .input_window = 2, .is_quiet = true, .missing_tools = {}};
}

std::vector<std::string> messages(ExecLines& lines, Instant now = kStart) {
  std::vector<std::string> all;
  while (std::optional<std::string> message = lines.poll_message(now)) all.push_back(std::move(*message));
  return all;
}

// Past the program, with numbers made small: the first line is "@", the next one "@+1".
class Started : public testing::Test {
 protected:
  Started() : lines_(kTimes) {
    lines_.send_program(plan());
    std::string program;
    for (const std::string& message : messages(lines_)) program += message;
    first_ = static_cast<std::uint64_t>(std::ranges::count(program, '\n'));
    lines_.started(tier(), kStart);
  }

  std::vector<std::string> sent(Instant now = kStart) {
    std::vector<std::string> all = messages(lines_, now);
    for (std::string& message : all) {
      std::string readable;
      for (const std::string_view line :
           split(std::string_view(message).substr(0, message.size() - 1), '\n')) {
        const std::size_t blank = line.find_first_of(" :");
        const auto number = static_cast<std::uint64_t>(parse_integer(line.substr(0, blank)).value_or(-1));
        readable += std::to_string(number - first_) + std::string(line.substr(blank)) + "\n";
      }
      message = readable;
    }
    return all;
  }

  ExecLines lines_;
  std::uint64_t first_ = 0;
};

TEST(ExecLinesProgram, GoesInWholeNumberedLinesThatFitAMessage) {
  ExecLines lines;
  lines.send_program(plan());
  std::string all;
  for (const std::string& message : messages(lines)) {
    EXPECT_LE(message.size(), max_stream_payload_bytes);
    EXPECT_TRUE(message.ends_with('\n'));
    all += message;
  }
  const ExecProgram program = exec_program(plan());
  std::string expected = program.loader + "\n";
  for (std::size_t at = 0; at < program.lines.size(); ++at)
    expected += std::to_string(at + 1) + " " + program.lines[at] + "\n";
  EXPECT_EQ(all, expected);
}

TEST(ExecLinesProgram, OnATerminalAnEmptyLineAloneIsTheLast) {
  ExecLines lines;
  ExecPlan terminal = plan();
  terminal.terminal.emplace();
  lines.send_program(terminal);
  const std::vector<std::string> all = messages(lines);
  EXPECT_EQ(all.back(), "\n");
  EXPECT_TRUE(all.at(all.size() - 2).ends_with(" .\n"));
  // Typed into the command it would be keys.
  EXPECT_FALSE(lines.deadline());
  lines.tick(kStart + milliseconds(1'000'000));
  EXPECT_THAT(messages(lines), IsEmpty());
}

TEST(ExecLinesProgram, WordsWaitUntilItHasBegun) {
  ExecLines lines;
  lines.send_program(plan());
  messages(lines);
  lines.send(exec_word::signal("TERM"));
  EXPECT_THAT(messages(lines), IsEmpty());
  lines.started(tier(), kStart);
  EXPECT_EQ(messages(lines).size(), 1U);
}

TEST_F(Started, InputIsNumberedAndTellsItsLength) {
  lines_.send_chunk(as_bytes("hello"));
  lines_.send_end_of_input();
  EXPECT_THAT(sent(), ElementsAre("0 i1,5\n1:aGVsbG8=\n"));
  // Its end only when the command has read it.
  lines_.received(first_ + 2, kStart);
  EXPECT_THAT(sent(), IsEmpty());
  lines_.taken();
  EXPECT_THAT(sent(), ElementsAre("2 .\n"));
}

TEST_F(Started, ALineOfInputIsNeverCut) {
  lines_.send_chunk(Bytes(kMaxInputChunk, 'x'));
  const std::vector<std::string> all = messages(lines_);
  EXPECT_GE(all.size(), kMaxInputChunk / 750);
  for (const std::string& message : all) {
    EXPECT_LE(message.size(), max_stream_payload_bytes);
    EXPECT_TRUE(message.ends_with('\n'));
  }
}

TEST_F(Started, AWindowOfChunksMayBeUnread) {
  lines_.send_chunk(as_bytes("a"));
  EXPECT_TRUE(lines_.has_room());
  lines_.send_chunk(as_bytes("b"));
  EXPECT_FALSE(lines_.has_room());
  // That they have arrived makes no room: the command has not read them.
  sent();
  lines_.received(first_ + 4, kStart);
  EXPECT_FALSE(lines_.has_room());
  lines_.taken();
  EXPECT_TRUE(lines_.has_room());
}

TEST_F(Started, AWordGoesAheadOfChunksThatAreNotOnTheirWay) {
  lines_.send_chunk(as_bytes("a"));
  lines_.send_chunk(as_bytes("b"));
  lines_.send(exec_word::signal("TERM"));
  EXPECT_THAT(sent(), ElementsAre("0 kTERM\n1 i1,1\n2:YQ==\n3 i1,1\n4:Yg==\n"));
}

TEST_F(Started, WhatIsWantedGoesAgainFromThere) {
  lines_.send_chunk(as_bytes("a"));
  lines_.send_chunk(as_bytes("b"));
  sent();
  lines_.wanted(first_ + 2, kStart);
  EXPECT_THAT(sent(), ElementsAre("2 i1,1\n3:Yg==\n"));
  lines_.received(first_ + 4, kStart);
  EXPECT_FALSE(lines_.deadline());
}

TEST_F(Started, WhatIsNotConfirmedGoesAgainAndIsThenGivenUp) {
  lines_.send(exec_word::ping);
  EXPECT_THAT(sent(), ElementsAre("0 p\n"));
  EXPECT_EQ(lines_.deadline(), kStart + kTimes.resend_after);
  lines_.tick(kStart + kTimes.resend_after);
  EXPECT_THAT(sent(kStart + kTimes.resend_after), ElementsAre("0 p\n"));
  EXPECT_FALSE(lines_.has_given_up());
  // Being sent again is no sign of life.
  for (Instant now = kStart; now < kStart + kTimes.give_up_after; now += milliseconds(1'000)) {
    lines_.tick(now);
    sent(now);
    EXPECT_FALSE(lines_.has_given_up());
  }
  lines_.tick(kStart + kTimes.give_up_after);
  EXPECT_TRUE(lines_.has_given_up());
}

TEST_F(Started, AConfirmationEndsTheWait) {
  lines_.send(exec_word::ping);
  sent();
  lines_.received(first_ + 1, kStart + milliseconds(50));
  EXPECT_FALSE(lines_.deadline());
  lines_.tick(kStart + milliseconds(1'000'000));
  EXPECT_FALSE(lines_.has_given_up());
}

TEST_F(Started, ItMayWantTheSameForEverButNotBeWaitedForForEver) {
  lines_.send_chunk(as_bytes("a"));
  sent();
  for (Instant now = kStart; now < kStart + kTimes.give_up_after; now += milliseconds(5'000)) {
    lines_.tick(now);
    lines_.wanted(first_, now);
    EXPECT_THAT(sent(now), ElementsAre("0 i1,1\n1:YQ==\n"));
  }
  lines_.tick(kStart + kTimes.give_up_after);
  EXPECT_TRUE(lines_.has_given_up());
}

TEST_F(Started, NoTimeCountsWhileNothingCanArrive) {
  lines_.send(exec_word::ping);
  sent();
  lines_.hold();
  EXPECT_FALSE(lines_.deadline());
  const Instant later = kStart + milliseconds(1'000'000);
  lines_.tick(later);
  EXPECT_FALSE(lines_.has_given_up());
  lines_.release(later);
  EXPECT_EQ(lines_.deadline(), later + kTimes.resend_after);
}

TEST_F(Started, ConfirmsNothingThatWasNotSent) {
  lines_.send_chunk(as_bytes("a"));
  lines_.received(first_ + 1'000'000, kStart);
  EXPECT_THAT(sent(), ElementsAre("0 i1,1\n1:YQ==\n"));
}

TEST_F(Started, SignsOfLifeDoNotPileUp) {
  for (int i = 0; i < 10; ++i) {
    lines_.send(exec_word::ping);
    lines_.send_alive();
  }
  EXPECT_THAT(messages(lines_), ElementsAre("w\n", std::to_string(first_) + " p\n"));
  lines_.send(exec_word::ping);
  EXPECT_THAT(messages(lines_), IsEmpty());
  lines_.received(first_ + 1, kStart);
  lines_.send(exec_word::ping);
  EXPECT_THAT(messages(lines_), ElementsAre(std::to_string(first_ + 1) + " p\n"));
}

TEST_F(Started, BytesGoAsTheyAre) {
  lines_.send_bytes("\x03");
  EXPECT_THAT(messages(lines_), ElementsAre("\x03"));
  EXPECT_FALSE(lines_.deadline());
}

}  // namespace
}  // namespace ferry::wire

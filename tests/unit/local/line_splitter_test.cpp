#include "local/tasks/line_splitter.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::local {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Lines = std::vector<std::string>;

Lines all_lines(LineSplitter splitter, std::string_view text, std::size_t step) {
  Lines lines;
  for (std::size_t at = 0; at < text.size(); at += step) {
    for (std::string& line : splitter.feed(text.substr(at, step))) lines.push_back(std::move(line));
  }
  for (std::string& line : splitter.finish()) lines.push_back(std::move(line));
  return lines;
}

TEST(LineSplitter, MakesOneEventOfEachLine) {
  LineSplitter splitter;
  EXPECT_THAT(splitter.feed("one\ntwo\nthr"), ElementsAre("one", "two"));
  EXPECT_THAT(splitter.feed("ee\n"), ElementsAre("three"));
  EXPECT_THAT(splitter.finish(), IsEmpty());
}

TEST(LineSplitter, KeepsALastLineWithoutLineFeed) {
  LineSplitter splitter;
  EXPECT_THAT(splitter.feed("done"), IsEmpty());
  EXPECT_THAT(splitter.finish(), ElementsAre("done"));
  EXPECT_THAT(splitter.finish(), IsEmpty());
}

TEST(LineSplitter, DropsEmptyLinesAndKeepsCarriageReturns) {
  EXPECT_THAT(all_lines(LineSplitter(), "\n\na\r\n\n b \n", 100), ElementsAre("a\r", " b "));
}

TEST(LineSplitter, CutsALongLineAtTheLimit) {
  EXPECT_THAT(all_lines(LineSplitter(4), "abcdefghij\nk\n", 100), ElementsAre("abcd", "efgh", "ij", "k"));
}

TEST(LineSplitter, ALineOfExactlyTheLimitIsOneEvent) {
  EXPECT_THAT(all_lines(LineSplitter(4), "abcd\nefgh\n", 100), ElementsAre("abcd", "efgh"));
  EXPECT_THAT(all_lines(LineSplitter(4), "abcd", 100), ElementsAre("abcd"));
}

TEST(LineSplitter, CutsBetweenCharacters) {
  EXPECT_THAT(all_lines(LineSplitter(4), "aaa\u20ACb\n", 100), ElementsAre("aaa", "\u20ACb"));
}

TEST(LineSplitter, ReplacesWhatIsNotUtf8) {
  EXPECT_THAT(all_lines(LineSplitter(), "caf\xE9!\n", 100), ElementsAre("caf\uFFFD!"));
}

TEST(LineSplitter, ReplacedBytesDoNotMakeAnEventLongerThanTheLimit) {
  const Lines lines = all_lines(LineSplitter(4), "\xFF\xFF\xFF\n", 100);
  EXPECT_THAT(lines, ElementsAre("\uFFFD", "\uFFFD", "\uFFFD"));
}

TEST(LineSplitter, HowTheBytesArriveMakesNoDifference) {
  const std::string text =
      "plain\n\ncaf\u00E9 \u20AC \U0001F6A2\n" + std::string(40, 'x') + "\nbad\xF0\x9F\nend";
  for (const std::size_t limit : {4U, 7U, 16U, 4096U}) {
    const Lines at_once = all_lines(LineSplitter(limit), text, text.size());
    for (const std::size_t step : {1U, 2U, 3U, 5U}) {
      EXPECT_EQ(all_lines(LineSplitter(limit), text, step), at_once)
          << "limit " << limit << ", step " << step;
    }
  }
}

TEST(LineSplitter, TheServicesLimitLeavesRoomForItsOwnBytes) {
  const Lines lines = all_lines(LineSplitter(), std::string(300'000, 'y') + "\n", 65'536);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].size(), 262'118U);
  EXPECT_EQ(lines[1].size(), 300'000U - 262'118U);
}

}  // namespace
}  // namespace ferry::local

#include "feature/reader_patience.hpp"

#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

constexpr Instant at(int seconds_since_start) {
  return Instant(seconds(1'000 + seconds_since_start));
}

TEST(ReaderPatience, AReaderMayTakeItsTimeWhileNobodyAsksForTheEnd) {
  ReaderPatience patience;
  patience.took(at(0));
  EXPECT_FALSE(patience.is_over(at(86'400)));
  EXPECT_EQ(patience.deadline(), std::nullopt);
}

TEST(ReaderPatience, OnceTheEndIsAskedForItIsOverAfterASilentWhile) {
  ReaderPatience patience;
  patience.end_asked(at(10));
  EXPECT_EQ(patience.deadline(), at(10) + ReaderPatience::kLongest);
  EXPECT_FALSE(patience.is_over(at(10)));
  EXPECT_TRUE(patience.is_over(at(10) + ReaderPatience::kLongest));
}

TEST(ReaderPatience, AskingAgainDoesNotProlongIt) {
  ReaderPatience patience;
  patience.end_asked(at(10));
  patience.end_asked(at(12));
  EXPECT_EQ(patience.deadline(), at(10) + ReaderPatience::kLongest);
}

TEST(ReaderPatience, AReaderThatTakesIsWaitedFor) {
  ReaderPatience patience;
  patience.end_asked(at(10));
  patience.took(at(12));
  EXPECT_EQ(patience.deadline(), at(12) + ReaderPatience::kLongest);
}

}  // namespace
}  // namespace ferry::feature

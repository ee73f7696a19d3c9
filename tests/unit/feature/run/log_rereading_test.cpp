#include "feature/run/log_rereading.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LogRereading, StreamsOfAGroupShareACallFromTheEarliestStart) {
  const auto filters = filters_for(std::vector<StreamAgain>{{.group = "/g", .stream = "a", .start_ms = 20},
                                                            {.group = "/g", .stream = "b", .start_ms = 10}});
  ASSERT_EQ(filters.size(), 1U);
  EXPECT_EQ(filters[0].group, "/g");
  EXPECT_THAT(filters[0].streams, ElementsAre("a", "b"));
  EXPECT_EQ(filters[0].start_ms, 10);
}

TEST(LogRereading, GroupsHaveCallsOfTheirOwn) {
  const auto filters = filters_for(std::vector<StreamAgain>{{.group = "/g", .stream = "a", .start_ms = 1},
                                                            {.group = "/h", .stream = "a", .start_ms = 2}});
  ASSERT_EQ(filters.size(), 2U);
  EXPECT_EQ(filters[0].start_ms, 1);
  EXPECT_EQ(filters[1].start_ms, 2);
}

TEST(LogRereading, ALongStreamIsNotReadFromTheStartOfAShortOne) {
  const auto filters = filters_for(
      std::vector<StreamAgain>{{.group = "/g", .stream = "short", .start_ms = 1},
                               {.group = "/g", .stream = "long", .start_ms = 1'000'000, .is_long = true}});
  ASSERT_EQ(filters.size(), 2U);
  EXPECT_THAT(filters[0].streams, ElementsAre("short"));
  EXPECT_EQ(filters[1].start_ms, 1'000'000);
}

TEST(LogRereading, ACallHasAtMostAHundredStreams) {
  std::vector<StreamAgain> streams;
  for (int number = 0; number < 250; ++number)
    streams.push_back({.group = "/g", .stream = std::to_string(number), .start_ms = number});
  const auto filters = filters_for(streams);
  ASSERT_EQ(filters.size(), 3U);
  EXPECT_EQ(filters[0].streams.size(), 100U);
  EXPECT_EQ(filters[2].streams.size(), 50U);
  EXPECT_EQ(filters[2].start_ms, 200);
}

TEST(LogRereading, NothingAskedIsNoCall) {
  EXPECT_THAT(filters_for({}), IsEmpty());
}

}  // namespace
}  // namespace ferry::feature

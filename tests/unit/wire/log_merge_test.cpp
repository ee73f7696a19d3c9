#include "wire/log_merge.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::wire {
namespace {

struct Stored {
  std::string id;
  std::int64_t timestamp_ms;
  std::string message;
  bool operator==(const Stored&) const = default;
};

std::vector<std::string> missing(const std::vector<Stored>& first, const std::vector<Stored>& second) {
  LogMerge merge;
  for (const Stored& event : first) merge.seen(event.timestamp_ms, event.message);
  std::vector<std::string> ids;
  for (const Stored& event : second) {
    if (merge.is_new(event.id, event.timestamp_ms, event.message)) ids.push_back(event.id);
  }
  return ids;
}

TEST(LogMerge, NothingIsNewInTheSameReading) {
  const std::vector<Stored> events{{"a", 1, "x"}, {"b", 1, "x"}, {"c", 2, "y"}};
  EXPECT_TRUE(missing(events, events).empty());
}

TEST(LogMerge, FindsALateEventWithAnOlderTimestamp) {
  EXPECT_EQ(missing({{"a", 1, "x"}, {"c", 3, "z"}}, {{"a", 1, "x"}, {"b", 2, "y"}, {"c", 3, "z"}}),
            std::vector<std::string>{"b"});
}

TEST(LogMerge, CountsEqualEventsOfOneMillisecond) {
  EXPECT_EQ(missing({{"a", 1, "x"}}, {{"a", 1, "x"}, {"b", 1, "x"}, {"c", 1, "x"}}).size(), 2U);
}

TEST(LogMerge, AnIdCountsOnceHoweverThePagesOverlap) {
  EXPECT_EQ(missing({}, {{"a", 1, "x"}, {"a", 1, "x"}}), std::vector<std::string>{"a"});
}

TEST(LogMerge, TextsAndTimesAreNotMixedUp) {
  EXPECT_EQ(missing({{"a", 1, "x"}}, {{"b", 2, "x"}, {"c", 1, "y"}}).size(), 2U);
}

TEST(LogMerge, NoEventIsLostOrRepeatedWhateverTheFirstReadingSteppedPast) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<Stored> stored;
    for (int at = 0; at < 60; ++at) {
      stored.push_back({std::to_string(at), static_cast<std::int64_t>(random() % 8),
                        std::string(1, static_cast<char>('a' + random() % 3))});
    }
    std::vector<Stored> first;
    std::ranges::copy_if(stored, std::back_inserter(first),
                         [&random](const Stored&) { return random() % 4 != 0; });
    std::vector<Stored> second = stored;
    for (int again = 0; again < 10; ++again) second.push_back(stored[random() % stored.size()]);
    std::ranges::shuffle(second, random);
    LogMerge merge;
    for (const Stored& event : first) merge.seen(event.timestamp_ms, event.message);
    std::vector<std::pair<std::int64_t, std::string>> shown;
    for (const Stored& event : first) shown.emplace_back(event.timestamp_ms, event.message);
    for (const Stored& event : second) {
      if (merge.is_new(event.id, event.timestamp_ms, event.message))
        shown.emplace_back(event.timestamp_ms, event.message);
    }
    std::vector<std::pair<std::int64_t, std::string>> expected;
    for (const Stored& event : stored) expected.emplace_back(event.timestamp_ms, event.message);
    std::ranges::sort(shown);
    std::ranges::sort(expected);
    ASSERT_EQ(shown, expected) << "round " << round;
  }
}

TEST(LogMerge, OfALongReadingOnlyTheYoungestEventsAreRemembered) {
  LogMerge merge(3);
  for (const std::int64_t at : {1, 2, 2, 3}) merge.seen(at, "x");
  ASSERT_FALSE(merge.is_whole());
  EXPECT_EQ(merge.begin(), 2);
  merge.seen(4, "x");
  EXPECT_EQ(merge.begin(), 3) << "a millisecond is forgotten as a whole";
}

TEST(LogMerge, WhatIsOlderThanAllThatIsRememberedIsNotShownAgain) {
  LogMerge merge(2);
  for (const std::int64_t at : {1, 2, 3}) merge.seen(at, "x");
  EXPECT_FALSE(merge.is_new("a", 1, "x"));
  EXPECT_FALSE(merge.is_new("late", 1, "y")) << "nobody can say whether it was shown";
  EXPECT_TRUE(merge.is_new("later", 2, "y"));
  EXPECT_FALSE(merge.is_new("b", 2, "x"));
}

TEST(LogMerge, AShortReadingIsRememberedAsAWhole) {
  LogMerge merge(3);
  for (const std::int64_t at : {1, 2, 3}) merge.seen(at, "x");
  EXPECT_TRUE(merge.is_whole());
  EXPECT_EQ(merge.begin(), std::nullopt);
  EXPECT_TRUE(merge.is_new("late", 0, "y"));
}

TEST(LogMerge, ALongReadingRepeatsNothingAndMissesOnlyWhatIsOlderThanItsBeginning) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    LogMerge merge(20);
    std::vector<Stored> stored;
    std::vector<bool> was_seen;
    for (int at = 0; at < 60; ++at) {
      stored.push_back(
          {std::to_string(at), at / 3 + static_cast<std::int64_t>(random() % 4), std::to_string(at)});
      was_seen.push_back(random() % 4 != 0);
      if (was_seen.back()) merge.seen(stored.back().timestamp_ms, stored.back().message);
    }
    const std::int64_t begin = merge.begin().value_or(0);
    for (std::size_t at = 0; at < stored.size(); ++at) {
      const bool is_late = !was_seen[at] && stored[at].timestamp_ms >= begin;
      ASSERT_EQ(merge.is_new(stored[at].id, stored[at].timestamp_ms, stored[at].message), is_late)
          << "round " << round << ", event " << at;
    }
  }
}

}  // namespace
}  // namespace ferry::wire

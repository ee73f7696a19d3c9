#include "net/served_peers.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Instant at(int seconds_later) {
  return Instant(seconds(1'000 + seconds_later));
}

struct Stage {
  ServedPeers::Place enter(const std::string& name, int when) {
    return peers.enter(at(when), [this, name] { closed.push_back(name); });
  }

  ServedPeers peers{100};
  std::vector<std::string> closed;
};

TEST(ServedPeers, TheStrangerOfLongestStandingGoesFirst) {
  Stage stage;
  stage.enter("second", 2);
  stage.enter("first", 1);
  const auto known = stage.enter("known", 0);
  stage.peers.answered(known, true, at(0));
  EXPECT_TRUE(stage.peers.give_up_slowest());
  EXPECT_TRUE(stage.peers.give_up_slowest());
  EXPECT_FALSE(stage.peers.give_up_slowest()) << "who was granted something stays";
  EXPECT_THAT(stage.closed, ElementsAre("first", "second"));
  EXPECT_EQ(stage.peers.count(), 3U) << "until they leave";
}

TEST(ServedPeers, ARefusalMakesNobodyKnown) {
  Stage stage;
  const auto refused = stage.enter("refused", 0);
  stage.peers.answered(refused, false, at(5));
  stage.enter("newer", 1);
  EXPECT_TRUE(stage.peers.give_up_slowest());
  EXPECT_THAT(stage.closed, ElementsAre("newer")) << "the other one has begun anew since";
  EXPECT_TRUE(stage.peers.give_up_slowest());
}

TEST(ServedPeers, WhoKeepsMostGoesWhereItIsTooMuchForAll) {
  Stage stage;
  const auto known = stage.enter("known", 0);
  stage.peers.answered(known, true, at(0));
  stage.peers.keeps(known, 60);
  const auto small = stage.enter("small", 1);
  stage.peers.keeps(small, 10);
  const auto large = stage.enter("large", 2);
  stage.peers.keeps(large, 30);
  EXPECT_THAT(stage.closed, IsEmpty()) << "as much as may be";
  stage.peers.keeps(small, 1);
  EXPECT_THAT(stage.closed, ElementsAre("large"));
  stage.peers.leave(large);
  stage.peers.keeps(known, 40);
  EXPECT_THAT(stage.closed, ElementsAre("large", "small"));
  stage.peers.answered(known, true, at(3));
  const auto next = stage.enter("next", 4);
  stage.peers.keeps(next, 100);
  EXPECT_THAT(stage.closed, ElementsAre("large", "small")) << "what was answered is not kept any more";
}

}  // namespace
}  // namespace ferry::net

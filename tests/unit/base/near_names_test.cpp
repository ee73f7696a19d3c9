#include "base/near_names.hpp"

#include <gmock/gmock.h>

namespace ferry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> near(std::string_view wanted, const std::vector<std::string>& names) {
  return near_names(wanted, names);
}

TEST(EditDistance, CountsInsertedDroppedReplacedAndSwappedLetters) {
  EXPECT_EQ(edit_distance("web", "web"), 0U);
  EXPECT_EQ(edit_distance("web", "webs"), 1U);
  EXPECT_EQ(edit_distance("web", "we"), 1U);
  EXPECT_EQ(edit_distance("web", "wob"), 1U);
  EXPECT_EQ(edit_distance("web", "wbe"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("WEB", "web"), 0U);
}

TEST(EditDistance, IsBoundedByTheLengthOfNames) {
  EXPECT_EQ(edit_distance(std::string(100'000, 'a'), std::string(100'000, 'b')), 255U);
}

TEST(NearNames, AreTheNearestFirst) {
  EXPECT_THAT(near("frontned", {"backend", "frontends", "frontend"}), ElementsAre("frontend", "frontends"));
  EXPECT_THAT(near("wbe", {"worker", "webs", "web", "db"}), ElementsAre("web"));
  EXPECT_THAT(near("produciton", {"production", "staging"}), ElementsAre("production"));
  EXPECT_THAT(near("WEB", {"web"}), ElementsAre("web"));
}

TEST(NearNames, KnowAPartOfAName) {
  EXPECT_THAT(near("web", {"shop-web-service", "db"}), ElementsAre("shop-web-service"));
  EXPECT_THAT(near("shop-web-service", {"web", "db"}), ElementsAre("web"));
  EXPECT_THAT(near("we", {"shop-web-service"}), IsEmpty());
}

TEST(NearNames, AreAtMostThree) {
  EXPECT_THAT(near("web0", {"web1", "web2", "web3", "web4"}), ElementsAre("web1", "web2", "web3"));
}

TEST(NearNames, AreNoneWhereNothingLooksLikeIt) {
  EXPECT_THAT(near("payments", {"web", "db", "cache"}), IsEmpty());
  EXPECT_THAT(near("a", {"b", "c"}), IsEmpty());
  EXPECT_THAT(near("db", {"xy"}), IsEmpty());
  EXPECT_THAT(near("", {"web"}), IsEmpty());
  EXPECT_THAT(near("web", {}), IsEmpty());
}

TEST(NearNames, AreNoneWhereTheNameItselfExists) {
  EXPECT_THAT(near("web", {"webs", "web"}), IsEmpty());
}

TEST(NearNames, StayBoundedHoweverMuchThereIs) {
  const std::vector<std::string> names(2'000, std::string(10'000, 'x'));
  EXPECT_THAT(near("web", names), IsEmpty());
}

TEST(DidYouMean, IsAQuestionOrNothing) {
  const std::vector<std::string> names{"web", "wob", "wxb", "db"};
  EXPECT_EQ(did_you_mean("wbe", std::vector<std::string>{"web", "db"}), "did you mean web?");
  EXPECT_EQ(did_you_mean("wyb", names), "did you mean web, wob or wxb?");
  EXPECT_EQ(did_you_mean("nothing", names), "");
}

TEST(WithNearNames, KeepsTheHint) {
  const std::vector<std::string> names{"web"};
  const Failure failure{.code = FailureCode::not_found, .what = "no wbe", .hint = "look", .service_code = {}};
  EXPECT_EQ(with_near_names(failure, "wbe", names).line(), "no wbe; did you mean web? look");
  EXPECT_EQ(with_near_names(failure, "nothing", names), failure);
}

}  // namespace
}  // namespace ferry

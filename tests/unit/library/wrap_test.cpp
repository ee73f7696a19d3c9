#include <ferry/wrap.hpp>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry {
namespace {

using testing::HasSubstr;

TEST(Wrap, ShowsTheCommandAndIsTheSameEachTime) {
  const auto wrapped = wrap({"ps", "ax"});
  ASSERT_TRUE(wrapped);
  EXPECT_THAT(*wrapped, HasSubstr("ps ax"));
  EXPECT_EQ(wrapped, wrap({"ps", "ax"}));
}

TEST(Wrap, RefusesWhatExecuteCommandCannotCarry) {
  EXPECT_FALSE(wrap({}));
  EXPECT_FALSE(wrap({""}));
  EXPECT_FALSE(wrap({"echo", "\xff"}));
  EXPECT_FALSE(wrap({"echo", std::string("a\0b", 3)}));
  EXPECT_TRUE(wrap({"echo", "", "\xc3\xa9"}));
}

}  // namespace
}  // namespace ferry

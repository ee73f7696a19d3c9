#include "feature/run/log_lines.hpp"

#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

TEST(LogLines, AnEventIsALine) {
  EXPECT_EQ(log_lines("", "one"), "one\n");
  EXPECT_EQ(log_lines("[app] ", "one"), "[app] one\n");
}

TEST(LogLines, EachLineOfAnEventBeginsWithItsOwner) {
  EXPECT_EQ(log_lines("[app] ", "error\n  at a\n\n  at b"),
            "[app] error\n[app]   at a\n[app] \n[app]   at b\n");
}

TEST(LogLines, BytesStayAsTheyAre) {
  EXPECT_EQ(log_lines("", "a\n\nb\r"), "a\n\nb\r\n");
}

}  // namespace
}  // namespace ferry::feature

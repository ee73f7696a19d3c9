#include "base/size.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

TEST(Size, BytesAndBinaryUnits) {
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("512KiB"), 524'288U);
  EXPECT_EQ(parse_size("64MiB"), 67'108'864U);
  EXPECT_EQ(parse_size("2gib"), 2'147'483'648U);
}

TEST(Size, OtherTextIsNone) {
  for (const char* text :
       {"", "0", "-1", "MiB", "1.5MiB", "1 MiB", "1MB", "64M", "1TiB", "1024GiB", "99999999999999999999"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(Size, IsSaidInItsLargestWholeUnit) {
  EXPECT_EQ(size_text(67'108'864), "64 MiB");
  EXPECT_EQ(size_text(1025), "1025 bytes");
  EXPECT_EQ(size_text(1536), "1536 bytes");
}

}  // namespace
}  // namespace ferry

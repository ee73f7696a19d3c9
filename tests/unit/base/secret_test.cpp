#include "base/secret.hpp"

#include "unit/memory_search.hpp"

#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ferry {
namespace {

template <class T>
concept Streamable = requires(std::ostream& stream, const T& value) { stream << value; };

static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!Streamable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string> &&
              !std::is_convertible_v<Secret, std::string_view>);

// The search does find what is left behind, or the other tests say nothing.
TEST(Secret, OrdinaryTextStaysInMemory) {
  const HiddenText hidden;
  EXPECT_EQ(hidden.copies_in_memory(), 0U);
  std::optional<std::string> text = hidden.text();
  EXPECT_GE(hidden.copies_in_memory(), 1U);
  wipe(*text);
  EXPECT_EQ(hidden.copies_in_memory(), 0U);
}

TEST(Secret, IsInMemoryOnceWhileItIsHeldAndThenNoMore) {
  const HiddenText hidden;
  std::optional<Secret> secret(std::in_place, hidden.text());
  EXPECT_EQ(hidden.copies_in_memory(), 1U);
  secret.reset();
  EXPECT_EQ(hidden.copies_in_memory(), 0U);
}

TEST(Secret, RevealsWhatItWasGiven) {
  EXPECT_EQ(Secret("text").reveal(), "text");
  EXPECT_FALSE(Secret("text").empty());
  EXPECT_TRUE(Secret().empty() && Secret("").empty());
}

TEST(Secret, MovingLeavesNothingBehind) {
  const HiddenText hidden;
  std::optional<Secret> first(std::in_place, hidden.text());
  const Secret second = std::move(*first);
  EXPECT_EQ(hidden.copies_in_memory(), 1U);
  first.reset();
  EXPECT_EQ(hidden.copies_in_memory(), 1U);
}

TEST(Secret, CopiesAreWipedEachByItself) {
  const HiddenText hidden;
  Secret first(hidden.text());
  {
    const Secret second = first;
    EXPECT_EQ(hidden.copies_in_memory(), 2U);
  }
  EXPECT_EQ(hidden.copies_in_memory(), 1U);
  first = Secret("short");
  EXPECT_EQ(hidden.copies_in_memory(), 0U);
  EXPECT_EQ(first.reveal(), "short");
}

TEST(Secret, RedactionTakesEveryPlace) {
  EXPECT_EQ(redacted("a token, and token", Secret("token")), "a [secret], and [secret]");
  EXPECT_EQ(redacted("nothing", Secret("token")), "nothing");
  EXPECT_EQ(redacted("text", Secret()), "text");
  EXPECT_EQ(redacted("aaaa", Secret("a")), "[secret][secret][secret][secret]");
}

}  // namespace
}  // namespace ferry

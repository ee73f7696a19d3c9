#include "base/printable.hpp"

#include "base/failure.hpp"
#include "base/text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace ferry {
namespace {

TEST(Printable, OrdinaryTextStaysAsItIs) {
  const std::string text = "service wéb: 一 container “app” exited, 100 % 🚢 \u2764\ufe0f";
  EXPECT_EQ(printable(text), text);
  EXPECT_EQ(printable_lines(text), text);
  EXPECT_EQ(printable_json(text), text);
}

TEST(Printable, EscapeSequencesAreShownAndNotDone) {
  EXPECT_EQ(printable("a\x1b[2Jb\x07\x08"), R"(a\u001b[2Jb\u0007\u0008)");
  EXPECT_EQ(printable(std::string("a\0b", 3)), R"(a\u0000b)");
  EXPECT_EQ(printable("a\x7f"), R"(a\u007f)");
  EXPECT_EQ(printable("\u009b2J\u0085\u0080"), R"(\u009b2J\u0085\u0080)");
}

TEST(Printable, MarksThatTurnTextRoundOrAreNotSeenAreShown) {
  EXPECT_EQ(printable("\u202a\u202b\u202c\u202d\u202e"), R"(\u202a\u202b\u202c\u202d\u202e)");
  EXPECT_EQ(printable("\u2066\u2067\u2068\u2069"), R"(\u2066\u2067\u2068\u2069)");
  EXPECT_EQ(printable("\u200e\u200f\u061c"), R"(\u200e\u200f\u061c)");
  EXPECT_EQ(printable("a\u2028b\u2029c"), R"(a\u2028b\u2029c)");
  EXPECT_EQ(printable("we\u200bb\ufeff\u00ad"), R"(we\u200bb\ufeff\u00ad)");
  EXPECT_EQ(printable("\U000E0041"), R"(\udb40\udc41)");
}

TEST(Printable, TheNeighboursOfWhatIsHiddenAreSeen) {
  for (const std::string text :
       {" ", "~", "\u00a0", "\u00ac", "\u00ae", "\u2027", "\u202f", "\u2065\u2070"}) {
    const std::string shown = printable(text);
    EXPECT_EQ(shown, text == "\u2065\u2070" ? "\\u2065\u2070" : text);
  }
}

TEST(Printable, BytesThatAreNoUtf8AreShownAsBytes) {
  EXPECT_EQ(printable("caf\xe9 \x9b\xff"), R"(caf\xe9 \x9b\xff)");
  EXPECT_EQ(printable("\xc0\x80"), R"(\xc0\x80)");          // an overlong NUL
  EXPECT_EQ(printable("\xed\xa0\x80"), R"(\xed\xa0\x80)");  // a surrogate
  EXPECT_EQ(printable("\xe2\x80"), R"(\xe2\x80)");          // cut
}

TEST(Printable, OneLineStaysOne) {
  EXPECT_EQ(printable("a\nferry: b\r\nc\td"), "a ferry: b  c d");
  EXPECT_EQ(printable_lines("a\nb\r\tc"), "a\nb\\u000d\\u0009c");
}

TEST(Shortened, KeepsTheBeginningAndTheEnd) {
  const std::string text = "begin" + std::string(8'000'000, 'x') + "end";
  const std::string cut = shortened(text);
  EXPECT_LE(cut.size(), kLongestMessage);
  EXPECT_TRUE(cut.starts_with("beginxxx") && cut.ends_with("xxxend")) << cut;
  EXPECT_NE(cut.find("... (799"), std::string::npos) << cut;
  EXPECT_EQ(shortened(std::string(kLongestMessage, 'x')), std::string(kLongestMessage, 'x'));
}

TEST(Shortened, CutsNoCharacter) {
  std::string ships;
  for (int count = 0; count < 1'000; ++count) ships += "🚢";
  for (std::size_t most = 100; most < 110; ++most) {
    const std::string cut = shortened(ships, most);
    EXPECT_TRUE(is_valid_utf8(cut)) << cut;
    EXPECT_LE(cut.size(), most);
  }
}

TEST(PrintableJson, SaysTheSameAndIsHarmless) {
  EXPECT_EQ(printable_json("{\"a\":\"\u009b\x7f\u202e\U000E0041é\\u001b\"}\n"),
            R"({"a":"\u009b\u007f\u202e\udb40\udc41é\u001b"})"
            "\n");
  EXPECT_EQ(printable_json("\"\xff\""), "\"\uFFFD\"");
}

TEST(FailureLine, IsOneLineThatMovesNoCursorAndEnds) {
  const Failure failure{.code = FailureCode::refused,
                        .what = "ClientException: no\nferry: done\x1b[1A\u202e" + std::string(8'000'000, 'x'),
                        .hint = "try\u009bthis",
                        .service_code = {}};
  const std::string line = failure.line();
  EXPECT_TRUE(line.starts_with("ClientException: no ferry: done\\u001b[1A\\u202exxx")) << line;
  EXPECT_TRUE(line.ends_with("x; try\\u009bthis")) << line;
  EXPECT_LT(line.size(), 2 * kLongestMessage);
}

}  // namespace
}  // namespace ferry

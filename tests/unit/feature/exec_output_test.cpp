#include "feature/exec_output.hpp"

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

std::string undone(std::initializer_list<std::string_view> pieces) {
  TerminalLineEnds line_ends;
  std::string text;
  for (const std::string_view piece : pieces) {
    const Bytes bytes = line_ends.feed(as_bytes(piece));
    text += as_text(bytes);
  }
  const Bytes rest = line_ends.finish();
  return text + std::string(as_text(rest));
}

TEST(TerminalLineEnds, TakesTheCarriageReturnBeforeALineFeedAway) {
  EXPECT_EQ(undone({"a\r\nb\r\n"}), "a\nb\n");
  EXPECT_EQ(undone({"a\r", "\nb"}), "a\nb");
}

TEST(TerminalLineEnds, KeepsEveryOtherCarriageReturn) {
  EXPECT_EQ(undone({"10%\r20%\r\r\nend\r"}), "10%\r20%\r\nend\r");
  EXPECT_EQ(undone({"a\r", "b"}), "a\rb");
  EXPECT_EQ(undone({"\r", "\r"}), "\r\r");
}

TEST(ExecOutput, KeepsTheStreamsApartWhereItCaptures) {
  net::Loop loop;
  ExecOptions options;
  options.capture = true;
  ExecOutput output(loop, options, [] {}, [](const Failure&) {}, [] {});
  using Kind = wire::OutputStreamKind;
  output.put(Kind::standard_output, as_bytes("out"));
  output.put(Kind::standard_error, as_bytes("err"));
  output.put(Kind::standard_output, as_bytes("put"));
  output.finish();
  EXPECT_TRUE(output.written().is_set());
  EXPECT_EQ(output.take(Kind::standard_output), to_bytes("output"));
  EXPECT_EQ(output.take(Kind::standard_error), to_bytes("err"));
}

TEST(ExecOutput, GivesEachPieceToAFunctionAtOnce) {
  net::Loop loop;
  std::string seen;
  ExecOptions options;
  options.standard_output = [&seen](BytesView bytes) { seen += as_text(bytes); };
  options.standard_error = [&seen](BytesView bytes) { seen += "<" + std::string(as_text(bytes)) + ">"; };
  ExecOutput output(loop, options, [] {}, [](const Failure&) {}, [] {});
  output.put(wire::OutputStreamKind::standard_output, as_bytes("a"));
  output.put(wire::OutputStreamKind::standard_error, as_bytes("b"));
  EXPECT_EQ(seen, "a<b>");
}

TEST(ExecOutput, KeepsUpToTheLimitOfBothStreamsTogetherAndSaysOnceThatMoreCame) {
  net::Loop loop;
  ExecOptions options;
  options.capture = true;
  options.capture_limit = 5;
  int excesses = 0;
  ExecOutput output(loop, options, [] {}, [](const Failure&) {}, [&excesses] { ++excesses; });
  using Kind = wire::OutputStreamKind;
  output.put(Kind::standard_output, as_bytes("abc"));
  output.put(Kind::standard_error, as_bytes("de"));
  EXPECT_EQ(excesses, 0);
  output.put(Kind::standard_output, as_bytes("f"));
  output.put(Kind::standard_error, as_bytes("g"));
  EXPECT_EQ(excesses, 1);
  EXPECT_EQ(output.take(Kind::standard_output), to_bytes("abc"));
  EXPECT_EQ(output.take(Kind::standard_error), to_bytes("de"));
}

TEST(ExecOutput, ACallersTextIsAsLimited) {
  net::Loop loop;
  std::string out, err;
  ExecOptions options;
  options.standard_output = &out;
  options.standard_error = &err;
  options.capture_limit = 3;
  bool has_excess = false;
  ExecOutput output(loop, options, [] {}, [](const Failure&) {}, [&has_excess] { has_excess = true; });
  output.put(wire::OutputStreamKind::standard_output, as_bytes("ab"));
  output.put(wire::OutputStreamKind::standard_error, as_bytes("cd"));
  EXPECT_EQ(out + "|" + err, "ab|c");
  EXPECT_TRUE(has_excess);
}

}  // namespace
}  // namespace ferry::feature

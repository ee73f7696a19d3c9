#include "wire/exec_decoder.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace ferry::wire {
namespace {

const std::string kNonce = "00112233445566778899aabbccddeeff";
const std::string kReady =
    "\x1e"
    "ferry1r\x1e";

std::string frame(std::string_view text) {
  return "\x1e" + kNonce.substr(0, 16) + std::string(text) + "\x1e";
}

std::string end(int code) {
  return fmt::format("{}={};", kNonce.substr(16), code);
}

// What the events tell, as text.
struct Told {
  std::string output, error, others;
  std::optional<int> exit_code;
  bool operator==(const Told&) const = default;
};

void drain(ExecDecoder& decoder, Told& told) {
  while (const std::optional<ExecEvent> event = decoder.poll_event()) {
    if (const auto* output = std::get_if<exec_event::Output>(&*event)) {
      const bool is_error = output->stream == OutputStreamKind::standard_error;
      (is_error ? told.error : told.output) += as_text(output->bytes);
    }
    if (const auto* ended = std::get_if<exec_event::Ended>(&*event)) told.exit_code = ended->exit_code;
    if (const auto* refused = std::get_if<exec_event::Refused>(&*event))
      told.others += "refused:" + refused->missing_tool;
    if (std::holds_alternative<exec_event::Ready>(*event)) told.others += "ready ";
    if (std::holds_alternative<exec_event::Started>(*event)) told.others += "started ";
    if (std::holds_alternative<exec_event::InputTaken>(*event)) told.others += "taken ";
    if (std::holds_alternative<exec_event::InputClosed>(*event)) told.others += "closed ";
    if (const auto* received = std::get_if<exec_event::Received>(&*event))
      told.others += fmt::format("received<{} ", received->below);
    if (const auto* wanted = std::get_if<exec_event::Wanted>(&*event))
      told.others += fmt::format("wanted>={} ", wanted->from);
    if (std::holds_alternative<exec_event::Damaged>(*event)) told.others += "damaged ";
  }
}

// Feeds `stream` in pieces of `sizes`, the last of them for all the rest.
Told decode(std::string_view stream, const std::vector<std::size_t>& sizes = {100'000}, bool exact = false) {
  ExecDecoder decoder(kNonce, exact);
  Told told;
  for (std::size_t piece = 0; !stream.empty(); ++piece) {
    const std::size_t size = std::min(sizes[std::min(piece, sizes.size() - 1)], stream.size());
    decoder.feed(as_bytes(stream.substr(0, size)));
    drain(decoder, told);
    stream.remove_prefix(size);
  }
  decoder.finish();
  drain(decoder, told);
  return told;
}

const std::string kApart = kReady + frame("+sbq:");
const std::string kMerged = kReady + frame("+mq:dd");

struct Case {
  std::string sent;
  Told told;
};

std::vector<Case> cases() {
  const std::string plain_end = end(7) + frame("et" + end(7));
  const std::string other =
      "\x1e"
      "f011223344556677ob\x1e";
  return {
      {kApart + "hello\n" + plain_end + "late", {"hello\n", "", "ready started ", 7}},
      {kApart + frame("obaGVsbG8=") + "\x1e\x1e!" + frame("etoops\n") + plain_end,
       {"hello\x1e\x1e!", "oops\n", "ready started ", 7}},
      {kApart + frame("ebaGVs\r\nbG8=") + frame("ox 141 142\n 000") + plain_end,
       {std::string("ab\0", 3), "hello", "ready started ", 7}},
      {kApart + other + plain_end, {other, "", "ready started ", 7}},
      {kApart + end(256) + kNonce.substr(16) + "=" + kNonce.substr(16) + "=1x;" + plain_end,
       {end(256) + kNonce.substr(16) + "=" + kNonce.substr(16) + "=1x;", "", "ready started ", 7}},
      {kApart + frame("c") + "a" + frame("r12") + frame("n7") + frame("x") + "b",
       {"ab", "", "ready started taken received<12 wanted>=7 closed ", {}}},
      {kApart + frame("r12x"), {"", "", "ready started damaged ", {}}},
      {kApart + frame("n-1"), {"", "", "ready started damaged ", {}}},
      {kMerged + "a\r\nb" + end(0) + "late", {"a\r\nb", "", "ready started ", 0}},
      {"\x1e"
       "ferry1c\x1e"
       "_p=...\r\n" +
           frame("+m:dd") + "a\r\nb\r\r\n\rc\r" + end(255),
       {"a\nb\r\n\rc\r", "", "ready started ", 255}},
      {"\x1e"
       "ferry1c\x1e" +
           frame("+sb:") + frame("eta\r\r\nb\r") + "12 echoed\r\n" + frame("otc\r\n" + end(7)) +
           frame("et" + end(7)),
       {"c\n", "a\r\nb\r", "ready started ", 7}},
      {kReady + frame("!stty") + "x", {"", "", "ready refused:stty", {}}},
      {kApart + frame("ob?") + plain_end, {"", "", "ready started damaged ", {}}},
      {kApart +
           frame("oz"
                 "H4sIAAAA") +
           plain_end,
       {"", "", "ready started damaged ", {}}},
      {kApart + frame("zz") + plain_end, {"", "", "ready started damaged ", {}}},
      {kApart + end(0) + frame("et" + end(1)), {"", "", "ready started damaged ", {}}},
      {kApart + "all" + end(0), {"all", "", "ready started ", {}}},
      {kApart + "cut" + frame("obaGVsbG8=").substr(0, 25), {"cut", "", "ready started ", {}}},
      {kApart + "cut" + end(0).substr(0, 10), {"cut" + end(0).substr(0, 10), "", "ready started ", {}}},
  };
}

TEST(ExecDecoder, TakesFramesOutHoweverTheyAreCut) {
  std::mt19937 random(11);  // NOLINT(bugprone-random-generator-seed): the same cuts in every run
  for (const Case& one : cases()) {
    std::vector<std::vector<std::size_t>> cuts{{1}, {2}, {3}, {1000}};
    for (int i = 0; i < 100; ++i) {
      std::vector<std::size_t> sizes(20);
      for (std::size_t& size : sizes) size = 1 + random() % 40;
      cuts.push_back(sizes);
    }
    for (const std::vector<std::size_t>& sizes : cuts) {
      const Told told = decode(one.sent, sizes);
      ASSERT_EQ(told.output, one.told.output) << testing::PrintToString(one.sent);
      ASSERT_EQ(told.error, one.told.error) << testing::PrintToString(one.sent);
      ASSERT_EQ(told.others, one.told.others) << testing::PrintToString(one.sent);
      ASSERT_EQ(told.exit_code, one.told.exit_code) << testing::PrintToString(one.sent);
    }
  }
}

TEST(ExecDecoder, HoldsNothingBackThatCannotBecomeAFrame) {
  ExecDecoder decoder(kNonce, false);
  Told told;
  decoder.feed(as_bytes(kApart + "prompt$ "));
  drain(decoder, told);
  EXPECT_EQ(told.output, "prompt$ ");
  decoder.feed(as_bytes("\x1e"));
  drain(decoder, told);
  EXPECT_EQ(told.output, "prompt$ ");
  decoder.feed(as_bytes("x"));
  drain(decoder, told);
  EXPECT_EQ(told.output, "prompt$ \x1ex");
}

TEST(ExecDecoder, DropsWhatIsInNoFrameWhereAllOutputIs) {
  const std::string sent =
      kApart + "a prompt" + frame("obaGVsbG8=") + frame("et" + end(3)) + frame("ot" + end(3));
  const Told told = decode(sent, {5}, true);
  EXPECT_EQ(told.output, "hello");
  EXPECT_EQ(told.exit_code, 3);
}

TEST(ExecDecoder, KeepsWhatCameBeforeTheStartApart) {
  ExecDecoder decoder(kNonce, false);
  decoder.feed(as_bytes("sh: bad things\r\n" + std::string(5000, 'x')));
  EXPECT_FALSE(decoder.poll_event());
  EXPECT_FALSE(decoder.is_ready());
  EXPECT_EQ(decoder.preamble().substr(0, 14), "sh: bad things");
  EXPECT_EQ(decoder.preamble().size(), 1024U);
}

TEST(ExecDecoder, RefusesAFrameThatNeverEnds) {
  const Told told = decode(kApart + frame("ob").substr(0, 19) + std::string(200'000, 'A'));
  EXPECT_EQ(told.others, "ready started damaged ");
}

}  // namespace
}  // namespace ferry::wire

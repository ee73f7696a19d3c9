#include "wire/exec_decoder.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::wire {
namespace {

const std::string kNonce = "00112233445566778899aabbccddeeff";

std::string frame(std::string_view kind_and_text) {
  return "\x1e" + kNonce + std::string(kind_and_text) + "\x1e";
}

// Feeds `stream` in pieces of `sizes`, the last of them for all the rest.
std::string decode(ExecDecoder& decoder, std::string_view stream, const std::vector<std::size_t>& sizes) {
  std::string output;
  for (std::size_t piece = 0; !stream.empty(); ++piece) {
    const std::size_t size = std::min(sizes[std::min(piece, sizes.size() - 1)], stream.size());
    output += as_text(decoder.feed(as_bytes(stream.substr(0, size))));
    stream.remove_prefix(size);
  }
  return output;
}

struct Stream {
  std::string sent, output;
  std::optional<int> exit_code;
};

std::vector<Stream> streams() {
  const std::string almost = frame("=").substr(0, frame("=").size() - 1);
  return {
      {frame("+r") + "hello\n" + frame("=7") + "late", "hello\n", 7},
      {frame("+r") + frame("=255"), "", 255},
      {"noise\r\n" + frame("+r") + "a\r\nb" + frame("=0"), "a\r\nb", 0},
      {frame("+c") + "a\r\nb\r\r\n\rc\r" + frame("=0"), "a\nb\r\n\rc\r", 0},
      {frame("+r") + frame("=256") + frame("=") + frame("=1x") + frame("?1") + frame("=1"),
       frame("=256") + frame("=") + frame("=1x") + frame("?1"), 1},
      {frame("+r") + almost + frame("=3"), almost, 3},
      {frame("+r") + "\x1e\x1e\x1e" + kNonce.substr(0, 9) + "\x1e" + frame("=4"),
       "\x1e\x1e\x1e" + kNonce.substr(0, 9) + "\x1e", 4},
      {frame("+r") + "\x1e" + kNonce + "=00000000000000000000" + frame("=5"),
       "\x1e" + kNonce + "=00000000000000000000", 5},
      {frame("+r") + frame("+r") + frame("!base64") + frame("=6"), frame("+r") + frame("!base64"), 6},
  };
}

TEST(ExecDecoder, FindsFramesHoweverTheyAreCut) {
  std::mt19937 random(11);  // NOLINT(bugprone-random-generator-seed): the same cuts in every run
  for (const Stream& stream : streams()) {
    std::vector<std::vector<std::size_t>> cuts{{1}, {2}, {3}, {1000}};
    for (int i = 0; i < 200; ++i) {
      std::vector<std::size_t> sizes(20);
      for (std::size_t& size : sizes) size = 1 + random() % 40;
      cuts.push_back(sizes);
    }
    for (const std::vector<std::size_t>& sizes : cuts) {
      ExecDecoder decoder(kNonce);
      const std::string output = decode(decoder, stream.sent, sizes);
      ASSERT_EQ(output, stream.output);
      ASSERT_EQ(decoder.exit_code(), stream.exit_code);
    }
  }
}

TEST(ExecDecoder, HoldsNothingBackThatCannotBecomeAFrame) {
  ExecDecoder decoder(kNonce);
  EXPECT_EQ(decode(decoder, frame("+r") + "prompt$ ", {1000}), "prompt$ ");
  EXPECT_EQ(decode(decoder, "\x1e", {1}), "");
  EXPECT_EQ(decode(decoder, "x", {1}), "\x1ex");
}

TEST(ExecDecoder, GivesBackWhatItHeldWhenTheStreamEndsWithoutAnEndFrame) {
  ExecDecoder decoder(kNonce);
  const std::string cut = frame("=0").substr(0, 20);
  EXPECT_EQ(decode(decoder, frame("+r") + "a" + cut, {1000}), "a");
  EXPECT_EQ(as_text(decoder.finish()), cut);
  EXPECT_FALSE(decoder.exit_code());
}

TEST(ExecDecoder, KeepsWhatCameBeforeTheStartApart) {
  ExecDecoder decoder(kNonce);
  EXPECT_EQ(decode(decoder, "sh: bad things\r\n" + std::string(5000, 'x'), {100}), "");
  EXPECT_FALSE(decoder.has_started());
  EXPECT_EQ(decoder.preamble().substr(0, 14), "sh: bad things");
  EXPECT_EQ(decoder.preamble().size(), 1024U);
}

TEST(ExecDecoder, TellsWhichToolTheWrapperMissed) {
  ExecDecoder decoder(kNonce);
  EXPECT_EQ(decode(decoder, frame("!base64") + "x", {5}), "");
  EXPECT_EQ(decoder.missing_tool(), "base64");
  EXPECT_FALSE(decoder.has_started());
}

TEST(ExecDecoder, IgnoresFramesOfAnotherNonce) {
  ExecDecoder decoder(kNonce);
  std::string foreign = frame("=0");
  foreign[5] = 'f';
  EXPECT_EQ(decode(decoder, frame("+r") + foreign + frame("=2"), {7}), foreign);
  EXPECT_EQ(decoder.exit_code(), 2);
}

}  // namespace
}  // namespace ferry::wire

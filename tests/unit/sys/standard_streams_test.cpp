#include "sys/standard_streams.hpp"

#include "sys/pipe.hpp"
#include "sys/unique_fd.hpp"

#include <array>
#include <functional>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

namespace ferry::sys {
namespace {

// What `write` leaves on stderr; less than a pipe holds.
std::string on_stderr(const std::function<void()>& write) {
  Result<Pipe> pipe = open_pipe();
  if (!pipe) return "no pipe";
  const UniqueFd before(::dup(STDERR_FILENO));
  ::dup2(pipe->writing.get(), STDERR_FILENO);
  pipe->writing = UniqueFd();
  write();
  ::dup2(before.get(), STDERR_FILENO);
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t count = ::read(pipe->reading.get(), piece.data(), piece.size());
    if (count <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
}

constexpr std::string_view kNasty = "a\x1b[2J\u009b\nferry: b\r";

TEST(StandardStreams, ALineIsOneAndActsOnNothing) {
  EXPECT_EQ(on_stderr([] { say(kNasty); }), "ferry: a\\u001b[2J\\u009b ferry: b \n");
  EXPECT_EQ(on_stderr([] { say_in_raw_mode(kNasty); }), "\r\nferry: a\\u001b[2J\\u009b ferry: b \r\n");
  EXPECT_EQ(on_stderr([] { rewrite_last_line(kNasty); }), "\r\x1b[Ka\\u001b[2J\\u009b ferry: b ");
  EXPECT_EQ(on_stderr([] { rewrite_last_line({}); }), "\r\x1b[K");
}

TEST(StandardStreams, LinesKeepTheirEnds) {
  EXPECT_EQ(on_stderr([] { write_to_stderr(kNasty); }), "a\\u001b[2J\\u009b\nferry: b\\u000d");
}

TEST(StandardStreams, ALineEnds) {
  const std::string line = on_stderr([] { say(std::string(1'000'000, 'x')); });
  EXPECT_LE(line.size(), kLongestLine + 10);
  EXPECT_TRUE(line.ends_with("xxx\n"));
}

}  // namespace
}  // namespace ferry::sys

// The stream to a reader, over a real pipe.
#include "feature/output_stream.hpp"

#include "feature/reader_wait.hpp"
#include "net/clock.hpp"
#include "sys/pipe.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

const Bytes kMuch(OutputStream::kFull * 2, 'x');

// Runs `body` beside a stream into a pipe, whose other end is `reading`.
void with_stream(const std::function<net::Task<>(net::Loop&, OutputStream&, sys::UniqueFd& reading)>& body) {
  Result<sys::Pipe> pipe = sys::open_pipe();
  ASSERT_TRUE(pipe);
  net::Loop loop;
  OutputStream stream(loop, pipe->writing.get(), [] {});
  loop.run(net::with_children(loop, [&](net::TaskGroup& group) -> net::Task<> {
    group.spawn([](OutputStream& of) -> net::Task<> { co_await of.run(); }(stream));
    return body(loop, stream, pipe->reading);
  }));
}

std::size_t read_some(const sys::UniqueFd& from) {
  Bytes bytes(std::size_t{64} << 10U);
  return static_cast<std::size_t>(std::max<ssize_t>(0, ::read(from.get(), bytes.data(), bytes.size())));
}

TEST(OutputStream, IsFullUntilTheReaderHasTakenEnough) {
  with_stream([](net::Loop&, OutputStream& stream, sys::UniqueFd& reading) -> net::Task<> {
    EXPECT_FALSE(stream.is_full());
    stream.put(kMuch);
    EXPECT_TRUE(stream.is_full());
    while (stream.is_full()) {
      read_some(reading);
      stream.progress().reset();
      co_await stream.progress().wait_until(net::steady_now() + milliseconds(50));
    }
    co_await stream.room();
    EXPECT_GT(stream.taken(), 0U);
  });
}

TEST(OutputStream, WhatIsGivenUpIsAFailureAndTakesNothingMore) {
  with_stream([](net::Loop&, OutputStream& stream, sys::UniqueFd&) -> net::Task<> {
    stream.put(kMuch);
    stream.give_up();
    EXPECT_FALSE(stream.failure());
    EXPECT_NE(stream.failure().error().what.find("bytes"), std::string::npos);
    stream.put(kMuch);
    EXPECT_EQ(stream.waiting(), 0U);
    co_await stream.room();
  });
}

TEST(OutputStream, AReaderThatHasGoneIsAFailure) {
  with_stream([](net::Loop& loop, OutputStream& stream, sys::UniqueFd& reading) -> net::Task<> {
    reading.reset();
    stream.put(as_bytes("line\n"));
    net::Event never(loop);
    co_await wait_for_reader(loop, stream, 0, never, Instant::max());
    EXPECT_FALSE(stream.failure());
  });
}

TEST(OutputStream, AStoppedReaderIsGivenUpOnceTheEndIsAskedFor) {
  with_stream([](net::Loop& loop, OutputStream& stream, sys::UniqueFd&) -> net::Task<> {
    stream.put(kMuch);
    net::Event asked(loop);
    asked.set();
    co_await wait_for_reader(loop, stream, 0, asked, Instant::max());
    EXPECT_FALSE(stream.failure());
  });
}

TEST(OutputStream, AReaderThatComesBackInTimeGetsEverything) {
  with_stream([](net::Loop& loop, OutputStream& stream, sys::UniqueFd& reading) -> net::Task<> {
    stream.put(kMuch);
    net::Event asked(loop);
    asked.set();
    net::TaskGroup group(loop);
    group.spawn([](net::Loop& on, sys::UniqueFd& from) -> net::Task<> {
      for (std::size_t taken = 0; taken < kMuch.size();) {
        co_await net::sleep_for(on, milliseconds(10));
        taken += read_some(from);
      }
    }(loop, reading));
    co_await wait_for_reader(loop, stream, 0, asked, Instant::max());
    EXPECT_TRUE(stream.failure());
    EXPECT_EQ(stream.taken(), kMuch.size());
    co_await group.join();
  });
}

// What a reader of the pipe got of a stream and of those who speak between its lines.
struct Spoken {
  Result<sys::Pipe> pipe = sys::open_pipe();
  std::string text;

  std::function<void()> line(std::string_view words) {
    return [this, line = fmt::format("ferry: {}\n", words)] {
      EXPECT_EQ(::write(pipe->writing.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
    };
  }
  void write(const std::function<void(OutputStream&)>& put) {
    net::Loop loop;
    OutputStream stream(loop, pipe->writing.get(), [] {});
    put(stream);
    stream.finish();
    EXPECT_TRUE(loop.run(stream.run()));
    pipe->writing.reset();
    Bytes bytes(4096);
    const ssize_t count = ::read(pipe->reading.get(), bytes.data(), bytes.size());
    text = as_text(BytesView(bytes).first(static_cast<std::size_t>(std::max<ssize_t>(count, 0))));
  }
};

TEST(OutputStreamLines, NobodySpeaksWithinALine) {
  Spoken spoken;
  net::Loop loop;
  OutputStream stream(loop, spoken.pipe->writing.get(), [] {});
  const auto talk = [&](net::TaskGroup& group) -> net::Task<> {
    group.spawn([](OutputStream& of) -> net::Task<> { co_await of.run(); }(stream));
    stream.put(as_bytes("half a "));
    stream.progress().reset();
    co_await stream.progress().wait();
    stream.between_lines(spoken.line("lost"));
    stream.between_lines(spoken.line("found"));
    stream.put(as_bytes("line\nand the next\nlast"));
    while (stream.waiting() > 0) {
      stream.progress().reset();
      co_await stream.progress().wait();
    }
  };
  loop.run(net::with_children(loop, talk));
  Bytes bytes(4096);
  const ssize_t count = ::read(spoken.pipe->reading.get(), bytes.data(), bytes.size());
  ASSERT_GT(count, 0);
  EXPECT_EQ(as_text(BytesView(bytes).first(static_cast<std::size_t>(count))),
            "half a line\nferry: lost\nferry: found\nand the next\nlast");
}

TEST(OutputStreamLines, BetweenLinesTheySpeakAtOnce) {
  Spoken spoken;
  spoken.write([&spoken](OutputStream& stream) {
    stream.between_lines(spoken.line("first"));
    stream.put(as_bytes("text\n"));
  });
  EXPECT_EQ(spoken.text, "ferry: first\ntext\n");
}

TEST(OutputStreamLines, BehindTheLastLineItGetsItsEndIfNeedBe) {
  Spoken without_end;
  without_end.write([](OutputStream& stream) {
    stream.put(as_bytes("no end"));
    stream.end_line();
    stream.end_line();
  });
  EXPECT_EQ(without_end.text, "no end\n");
  Spoken nothing;
  nothing.write([](OutputStream& stream) { stream.end_line(); });
  EXPECT_EQ(nothing.text, "");
}

}  // namespace
}  // namespace ferry::feature

#include "net/descriptor.hpp"

#include "run.hpp"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <gmock/gmock.h>

namespace ferry::net {
namespace {

// Closes its descriptor at the end or earlier.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) { EXPECT_GE(fd_, 0); }
  ~Fd() { close(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

struct Pipe {
  static std::array<int, 2> make() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    return ends;
  }
  std::array<int, 2> ends = make();
  Fd reader{ends[0]};
  Fd writer{ends[1]};
};

bool is_blocking(int fd) {
  return (::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

Task<std::string> read_all(Descriptor& from) {
  std::string text;
  while (true) {
    const Result<Bytes> bytes = co_await from.read_some(1000);
    EXPECT_TRUE(bytes.has_value());
    if (!bytes || bytes->empty()) co_return text;
    text += as_text(*bytes);
  }
}

Task<> write_text(Loop& loop, Fd& fd, std::string text) {
  {
    Descriptor descriptor(loop, fd.get());
    const Result<> written = co_await descriptor.write(as_bytes(text));
    EXPECT_TRUE(written.has_value());
  }
  fd.close();
}

TEST(DescriptorTest, CarriesMoreThanAPipeHoldsWithoutBlockingTheLoop) {
  run([](Loop& loop) -> Task<> {
    Pipe pipe;
    TaskGroup group(loop);
    std::string text(1'000'000, 'x');
    text += "end";
    Descriptor reader(loop, pipe.reader.get());
    group.spawn(write_text(loop, pipe.writer, text));
    const std::string arrived = co_await read_all(reader);
    EXPECT_EQ(arrived, text);
    EXPECT_TRUE(is_blocking(pipe.reader.get()));
    co_await group.join();
  });
}

TEST(DescriptorTest, LeavesTheFlagsOfASharedDescriptionAlone) {
  run([](Loop& loop) -> Task<> {
    Pipe pipe;
    std::array<int, 2> sockets{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()), 0);
    const Fd left(sockets[0]);
    const Fd right(sockets[1]);
    Descriptor reader(loop, pipe.reader.get());
    Descriptor writer(loop, pipe.writer.get());
    Descriptor socket(loop, left.get());
    for (const int fd : {pipe.reader.get(), pipe.writer.get(), left.get()}) EXPECT_TRUE(is_blocking(fd));
    const Result<> written = co_await socket.write(as_bytes("over a socket"));
    EXPECT_TRUE(written.has_value());
    EXPECT_TRUE(is_blocking(left.get()));
    std::array<char, 64> buffer{};
    EXPECT_EQ(::read(right.get(), buffer.data(), buffer.size()), 13);
  });
}

TEST(DescriptorTest, AClosedReaderIsLost) {
  run([](Loop& loop) -> Task<> {
    Pipe pipe;
    pipe.reader.close();
    Descriptor writer(loop, pipe.writer.get());
    const Result<> written = co_await writer.write(as_bytes("nobody reads"));
    EXPECT_FALSE(written.has_value());
    if (!written) EXPECT_EQ(written.error().code, FailureCode::lost);
  });
}

TEST(DescriptorTest, HearsThatTheReaderHasGoneWithoutWriting) {
  run([](Loop& loop) -> Task<> {
    Pipe pipe;
    Descriptor writer(loop, pipe.writer.get());
    const auto close = [](Loop& its_loop, Fd& fd) -> Task<> {
      co_await sleep_for(its_loop, milliseconds(1));
      fd.close();
    };
    TaskGroup group(loop);
    group.spawn(close(loop, pipe.reader));
    co_await writer.wait_for_closed_reader();
    co_await group.join();
  });
}

TEST(DescriptorTest, AFileHasNoReaderThatGoes) {
  run([](Loop& loop) -> Task<> {
    Descriptor nowhere(loop, Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)).get());
    TaskGroup group(loop);
    bool has_gone = false;
    const auto wait = [](Descriptor& to, bool& gone) -> Task<> {
      co_await to.wait_for_closed_reader();
      gone = true;
    };
    group.spawn(wait(nowhere, has_gone));
    co_await sleep_for(loop, milliseconds(5));
    EXPECT_FALSE(has_gone);
    group.cancel();
    co_await group.join();
  });
}

TEST(DescriptorTest, ReadsAndWritesFilesAtTheirOffset) {
  run([](Loop& loop) -> Task<> {
    std::string path = testing::TempDir() + "descriptor_XXXXXX";
    Fd file(::mkstemp(path.data()));
    const std::string text(300'000, 'y');
    {
      Descriptor descriptor(loop, file.get());
      const Result<> written = co_await descriptor.write(as_bytes(text));
      EXPECT_TRUE(written.has_value());
      EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 300'000);
      ::lseek(file.get(), 1, SEEK_SET);
      const std::string back = co_await read_all(descriptor);
      EXPECT_EQ(back.size(), 299'999U);
    }
    std::filesystem::remove(path);
  });
}

TEST(DescriptorTest, DevNullIsEmptyAndTakesEverything) {
  run([](Loop& loop) -> Task<> {
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    Descriptor descriptor(loop, null.get());
    const std::string empty = co_await read_all(descriptor);
    EXPECT_EQ(empty, "");
    const Result<> written = co_await descriptor.write(as_bytes(std::string(100'000, 'z')));
    EXPECT_TRUE(written.has_value());
  });
}

TEST(DescriptorTest, AnEndlessFileLeavesTurnsToOthers) {
  run([](Loop& loop) -> Task<> {
    const Fd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    TaskGroup group(loop);
    bool has_other_run = false;
    group.spawn([](bool& flag) -> Task<> {
      flag = true;
      co_return;
    }(has_other_run));
    Descriptor descriptor(loop, zero.get());
    for (int i = 0; i < 10 && !has_other_run; ++i) {
      const Result<Bytes> bytes = co_await descriptor.read_some(10);
      EXPECT_TRUE(bytes.has_value());
    }
    EXPECT_TRUE(has_other_run);
    co_await group.join();
  });
}

TEST(DescriptorTest, APtyEndsWhenItsLastSlaveCloses) {
  run([](Loop& loop) -> Task<> {
    Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_EQ(::grantpt(master.get()), 0);
    EXPECT_EQ(::unlockpt(master.get()), 0);
    std::array<char, 64> name{};
    EXPECT_EQ(::ptsname_r(master.get(), name.data(), name.size()), 0);
    Fd slave(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));

    Descriptor screen(loop, master.get());
    {
      Descriptor terminal(loop, slave.get());
      EXPECT_TRUE(is_blocking(slave.get()));
      const Result<> typed = co_await screen.write(as_bytes("typed\n"));
      EXPECT_TRUE(typed.has_value());
      const Result<Bytes> line = co_await terminal.read_some(100);
      EXPECT_EQ(as_text(line.value_or(Bytes{})), "typed\n");
      const Result<> shown = co_await terminal.write(as_bytes("shown"));
      EXPECT_TRUE(shown.has_value());
    }
    slave.close();
    const std::string text = co_await read_all(screen);
    EXPECT_EQ(text, "typed\r\nshown");  // the echo, then the output
  });
}

TEST(DescriptorTest, AFullPtyDoesNotBlockTheLoop) {
  run([](Loop& loop) -> Task<> {
    Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_EQ(::unlockpt(master.get()), 0);
    std::array<char, 64> name{};
    EXPECT_EQ(::ptsname_r(master.get(), name.data(), name.size()), 0);
    Fd slave(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    Descriptor terminal(loop, slave.get());
    TaskGroup group(loop);
    group.spawn([](Descriptor& to) -> Task<> {
      const std::string text(1'000'000, 'w');
      co_await to.write(as_bytes(text));
      ADD_FAILURE() << "nobody read this";
    }(terminal));
    co_await sleep_for(loop, milliseconds{50});
    group.cancel();
    co_await group.join();
  });
}

TEST(DescriptorTest, APidfdIsReadableAtTheEndOfItsProcess) {
  run([](Loop& loop) -> Task<> {
    Pipe pipe;
    const pid_t child = ::fork();
    if (child == 0) {
      char byte = 0;
      ::_exit(::read(pipe.reader.get(), &byte, 1) == 1 ? 7 : 1);
    }
    const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    Descriptor descriptor(loop, pidfd.get());
    bool has_ended = false;
    TaskGroup group(loop);
    group.spawn([](Descriptor& pidfd, bool& flag) -> Task<> {
      co_await pidfd.wait_readable();
      flag = true;
    }(descriptor, has_ended));
    co_await sleep_for(loop, milliseconds{10});
    EXPECT_FALSE(has_ended);
    EXPECT_EQ(::write(pipe.writer.get(), "x", 1), 1);
    co_await group.join();
    EXPECT_TRUE(has_ended);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, WNOHANG), child);
    EXPECT_EQ(WEXITSTATUS(status), 7);
  });
}

TEST(DescriptorTest, CancellationEndsAReadAndAWrite) {
  run([](Loop& loop) -> Task<> {
    Pipe pipe;
    Pipe full;
    Descriptor reader(loop, pipe.reader.get());
    Descriptor writer(loop, full.writer.get());
    TaskGroup group(loop);
    group.spawn([](Descriptor& from) -> Task<> {
      co_await from.read_some(10);
      ADD_FAILURE() << "nothing was written";
    }(reader));
    group.spawn([](Descriptor& to) -> Task<> {
      const std::string text(1'000'000, 'w');
      co_await to.write(as_bytes(text));
      ADD_FAILURE() << "nobody read this";
    }(writer));
    co_await sleep_for(loop, milliseconds{5});
    group.cancel();
    co_await group.join();
  });
}

TEST(DescriptorTest, AClosedNumberIsAFailure) {
  run([](Loop& loop) -> Task<> {
    Descriptor descriptor(loop, 1'000'000);
    const Result<Bytes> bytes = co_await descriptor.read_some(1);
    EXPECT_FALSE(bytes.has_value());
    const Result<> written = co_await descriptor.write(as_bytes("x"));
    EXPECT_FALSE(written.has_value());
  });
}

}  // namespace
}  // namespace ferry::net

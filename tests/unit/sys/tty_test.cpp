#include "sys/tty.hpp"

#include "sys/unique_fd.hpp"

#include <csignal>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace ferry::sys {
namespace {

struct Pty {
  UniqueFd master, slave;
};

Pty open_pty() {
  int master = -1, slave = -1;
  EXPECT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  return {.master = UniqueFd(master), .slave = UniqueFd(slave)};
}

tcflag_t local_flags(int fd) {
  termios settings{};
  EXPECT_EQ(tcgetattr(fd, &settings), 0);
  return settings.c_lflag;
}

TEST(RawTerminal, RestoresWhatItFound) {
  const Pty pty = open_pty();
  const tcflag_t before = local_flags(pty.slave.get());
  ASSERT_NE(before & (ECHO | ICANON | ISIG), 0U);
  {
    const Result<RawTerminal> raw = RawTerminal::enter(pty.slave.get());
    ASSERT_TRUE(raw);
    EXPECT_EQ(local_flags(pty.slave.get()) & (ECHO | ICANON | ISIG), 0U);
  }
  EXPECT_EQ(local_flags(pty.slave.get()), before);
}

TEST(RawTerminal, RestoresOnceWhenMoved) {
  const Pty pty = open_pty();
  const tcflag_t before = local_flags(pty.slave.get());
  Result<RawTerminal> raw = RawTerminal::enter(pty.slave.get());
  ASSERT_TRUE(raw);
  RawTerminal moved = std::move(*raw);
  raw = fail(FailureCode::cancelled, "gone");
  EXPECT_NE(local_flags(pty.slave.get()), before);
  moved.restore();
  EXPECT_EQ(local_flags(pty.slave.get()), before);
}

TEST(RawTerminal, RestoresWhenTheProgramCrashes) {
  const Pty pty = open_pty();
  const tcflag_t before = local_flags(pty.slave.get());
  const pid_t child = fork();
  if (child == 0) {
    const Result<RawTerminal> raw = RawTerminal::enter(pty.slave.get());
    if (raw) raise(SIGSEGV);
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  EXPECT_EQ(local_flags(pty.slave.get()), before);
}

TEST(RawTerminal, RefusesWhatIsNoTerminal) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const UniqueFd reader(ends[0]), writer(ends[1]);
  EXPECT_FALSE(is_terminal(reader.get()));
  EXPECT_FALSE(RawTerminal::enter(reader.get()));
  EXPECT_FALSE(window_size(reader.get()));
}

TEST(WindowSize, IsTheTerminals) {
  const Pty pty = open_pty();
  EXPECT_TRUE(is_terminal(pty.slave.get()));
  EXPECT_FALSE(window_size(pty.slave.get()));  // 0 x 0: unknown
  const winsize size{.ws_row = 50, .ws_col = 132, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(ioctl(pty.master.get(), TIOCSWINSZ, &size), 0);
  EXPECT_EQ(window_size(pty.slave.get()), (WindowSize{.columns = 132, .rows = 50}));
}

}  // namespace
}  // namespace ferry::sys

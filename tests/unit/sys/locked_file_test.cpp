#include "sys/locked_file.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace ferry::sys {
namespace {

class LockedFileTest : public testing::Test {
 protected:
  LockedFileTest() {
    std::string name = (std::filesystem::path(testing::TempDir()) / "ferry-locked-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    root_ = name;
  }
  ~LockedFileTest() override { std::filesystem::remove_all(root_); }

  [[nodiscard]] std::string folder() const { return (root_ / "state" / "files").string(); }

  std::filesystem::path root_;
};

TEST_F(LockedFileTest, IsThereWithItsContentInAFolderOfItsOwnerOnly) {
  Result<LockedFile> file = LockedFile::create(folder(), "one", "first\n");
  ASSERT_TRUE(file) << file.error().line();
  ASSERT_TRUE(file->append("second\n"));
  EXPECT_EQ(*file->read(), "first\nsecond\n");
  EXPECT_EQ(std::filesystem::status(folder()).permissions(), std::filesystem::perms::owner_all);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder()), {}), 1);
}

TEST_F(LockedFileTest, AProcessThatLivesKeepsItFromOthers) {
  const Result<LockedFile> file = LockedFile::create(folder(), "one", "mine");
  ASSERT_TRUE(file);
  // Locks belong to the open file, so that a second open() meets what another process would.
  const Result<std::optional<LockedFile>> taken = LockedFile::take(file->path());
  ASSERT_TRUE(taken) << taken.error().line();
  EXPECT_FALSE(taken->has_value());
}

TEST_F(LockedFileTest, IsFreeOnceItsProcessWasKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Result<LockedFile> file = LockedFile::create(folder(), "one", "left behind");
    const char done = file ? '+' : '-';
    [[maybe_unused]] const ssize_t written = ::write(ends[1], &done, 1);
    while (true) ::pause();
  }
  char done = 0;
  ASSERT_EQ(::read(ends[0], &done, 1), 1);
  ASSERT_EQ(done, '+');
  const std::string path = folder() + "/one";
  const Result<std::optional<LockedFile>> while_alive = LockedFile::take(path);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const Result<std::optional<LockedFile>> afterwards = LockedFile::take(path);
  ::close(ends[0]);
  ::close(ends[1]);

  EXPECT_TRUE(while_alive && !while_alive->has_value());
  ASSERT_TRUE(afterwards && afterwards->has_value());
  EXPECT_EQ(*(*afterwards)->read(), "left behind");
}

TEST_F(LockedFileTest, IsGoneOnceRemoved) {
  Result<LockedFile> file = LockedFile::create(folder(), "one", "mine");
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->remove());
  const Result<std::optional<LockedFile>> taken = LockedFile::take(file->path());
  EXPECT_TRUE(taken && !taken->has_value());
}

TEST_F(LockedFileTest, AFolderThatCannotBeIsAFailureThatNamesIt) {
  ASSERT_TRUE(LockedFile::create(folder(), "file", ""));
  const Result<LockedFile> inside = LockedFile::create(folder() + "/file", "one", "");
  ASSERT_FALSE(inside);
  EXPECT_NE(inside.error().what.find(folder() + "/file"), std::string::npos) << inside.error().what;
}

}  // namespace
}  // namespace ferry::sys

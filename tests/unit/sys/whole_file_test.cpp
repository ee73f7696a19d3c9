#include "sys/whole_file.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

namespace ferry::sys {
namespace {

class WholeFile : public testing::Test {
 protected:
  WholeFile() {
    std::string name = (std::filesystem::temp_directory_path() / "whole_file.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~WholeFile() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

  [[nodiscard]] std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }

  [[nodiscard]] std::ptrdiff_t file_count() const {
    return std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator());
  }

  std::filesystem::path folder_;
};

TEST_F(WholeFile, ReplacesTheOldContentAndLeavesNoDraft) {
  ASSERT_TRUE(write_whole_file(path("result"), "a longer first content"));
  ASSERT_TRUE(write_whole_file(path("result"), "second"));
  EXPECT_EQ(content("result"), "second");
  EXPECT_EQ(file_count(), 1);
}

TEST_F(WholeFile, AskingWhetherItCanBeWrittenChangesNothing) {
  ASSERT_TRUE(write_whole_file(path("result"), "kept"));
  EXPECT_TRUE(can_write_whole_file(path("result")));
  EXPECT_TRUE(can_write_whole_file(path("new")));
  EXPECT_EQ(content("result"), "kept");
  EXPECT_EQ(file_count(), 1);
}

TEST_F(WholeFile, NamesThePathThatCannotBeWritten) {
  const std::string nowhere = path("missing/result");
  for (const Result<>& result : {can_write_whole_file(nowhere), write_whole_file(nowhere, "x")}) {
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().what.starts_with("cannot write " + nowhere + ": ")) << result.error().what;
  }
}

TEST_F(WholeFile, AFolderIsNoFile) {
  EXPECT_FALSE(can_write_whole_file(folder_.string()));
}

}  // namespace
}  // namespace ferry::sys

#include "sys/private_file.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace ferry::sys {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class PrivateFiles : public testing::Test {
 protected:
  PrivateFiles() {
    std::string pattern = testing::TempDir() + "private-XXXXXX";
    if (::mkdtemp(pattern.data()) != nullptr) folder_ = pattern;
  }
  ~PrivateFiles() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string in_folder(const std::string& name) const { return folder_ + "/" + name; }
  std::string folder_;
};

TEST_F(PrivateFiles, AreReadAsTheyWereWritten) {
  ASSERT_TRUE(write_private_file(in_folder("key"), "id\nsecret\n"));
  EXPECT_EQ(read_private_file(in_folder("key")).value(), "id\nsecret\n");
  EXPECT_EQ(read_private_file(in_folder("none")).error().code, FailureCode::not_found);
}

TEST_F(PrivateFiles, ALinkIsNone) {
  ASSERT_TRUE(write_private_file(in_folder("key"), "secret"));
  fs::create_symlink(in_folder("key"), in_folder("link"));
  const auto read = read_private_file(in_folder("link"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, FailureCode::denied);
  EXPECT_THAT(read.error().line(),
              AllOf(HasSubstr(in_folder("link")), HasSubstr("a link"), HasSubstr("delete it")));
}

TEST_F(PrivateFiles, APipeIsNoneAndIsNotWaitedFor) {
  ASSERT_EQ(::mkfifo(in_folder("key").c_str(), 0600), 0);
  const auto read = read_private_file(in_folder("key"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, FailureCode::denied);
}

TEST_F(PrivateFiles, AFolderThatEverybodyCouldReplaceIsRefused) {
  ASSERT_TRUE(make_private_folder(in_folder("open/data")));
  ASSERT_EQ(::chmod(in_folder("open").c_str(), 0777), 0);
  const auto made = make_private_folder(in_folder("open/data"));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().line(), AllOf(HasSubstr("could replace"), HasSubstr(in_folder("open"))));
  ASSERT_EQ(::chmod(in_folder("open").c_str(), 01777), 0);
  EXPECT_TRUE(make_private_folder(in_folder("open/data")))
      << "in a folder like /tmp only its owner may rename it";
}

TEST_F(PrivateFiles, AFolderBelowAnotherUsersIsRefusedWhereverALinkLeads) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  ASSERT_TRUE(make_private_folder(in_folder("home/data")));
  ASSERT_EQ(::chown(in_folder("home").c_str(), 65534, 65534), 0);
  EXPECT_FALSE(make_private_folder(in_folder("home/data")));
  fs::create_symlink(in_folder("home/data"), in_folder("link"));
  const auto made = make_private_folder(in_folder("link"));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().line(), HasSubstr("another user's"));
}

}  // namespace
}  // namespace ferry::sys

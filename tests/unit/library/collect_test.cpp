#include "sys/unique_fd.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <cstdlib>
#include <ferry/collect.hpp>
#include <ferry/exec.hpp>
#include <netinet/in.h>
#include <stop_token>
#include <string>
#include <sys/socket.h>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry {
namespace {

using testing::HasSubstr;
using testing::Not;

// A port of this machine where connections are taken and nobody ever answers.
class SilentPort {
 public:
  SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_.get(), generic, size), 0);
    EXPECT_EQ(::listen(socket_.get(), 8), 0);
    EXPECT_EQ(::getsockname(socket_.get(), generic, &size), 0);
    number_ = ntohs(address.sin_port);
  }
  [[nodiscard]] int number() const { return number_; }
  // Until somebody has connected; the connection stays open with what is returned.
  [[nodiscard]] sys::UniqueFd accept() const {
    return sys::UniqueFd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  sys::UniqueFd socket_;
  int number_ = 0;
};

std::string response_for(const SilentPort& port) {
  return fmt::format(
      R"({{"session": {{"sessionId": "s-1", "streamUrl": "ws://127.0.0.1:{}/", "tokenValue": "s3cret"}}}})",
      port.number());
}

// Neither this machine's credentials nor its config files.
class LibraryCall : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION"})
      ::unsetenv(name);
    ::setenv("AWS_CONFIG_FILE", "/nonexistent/config", 1);
    ::setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
    ::setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
  }
};

TEST_F(LibraryCall, ABadResponseFailsWithALine) {
  const CommandResult result = collect("{}");
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_THAT(result.explanation, HasSubstr("sessionId"));
  EXPECT_FALSE(result.exit_code);
  EXPECT_FALSE(result.succeeded());
  EXPECT_EQ(exit_status(result), 125);
}

TEST_F(LibraryCall, OptionsOutOfRangeFail) {
  const SilentPort port;
  const auto explanation = [&port](const Options& options) {
    const CommandResult result = collect(response_for(port), options);
    EXPECT_EQ(result.outcome, Outcome::failed);
    return result.explanation;
  };
  Options options;
  options.timeout = std::chrono::milliseconds(0);
  EXPECT_THAT(explanation(options), HasSubstr("timeout"));
  options.timeout.reset();
  options.keep_alive_interval = std::chrono::milliseconds(-1);
  EXPECT_THAT(explanation(options), HasSubstr("keep-alive"));
  options.keep_alive_interval = {};
  options.standard_error = OutputFunction();
  EXPECT_THAT(explanation(options), HasSubstr("output function"));
}

TEST_F(LibraryCall, ABadTargetAndABadCommandFail) {
  EXPECT_THAT(exec({.target = "a/b/c", .command = {"true"}}).explanation, HasSubstr("a/b/c"));
  EXPECT_THAT(exec({.target = "web", .command = {}}).explanation, HasSubstr("no command"));
  EXPECT_EQ(exec({.target = "web", .command = {"\xff"}}).outcome, Outcome::failed);
}

TEST_F(LibraryCall, WithoutCredentialsExecFailsAndSaysWhatToDo) {
  Options options;
  options.region = "us-east-1";
  const CommandResult result = exec({.target = "web", .command = {"true"}}, options);
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_THAT(result.explanation, HasSubstr("AWS_ACCESS_KEY_ID"));
}

TEST_F(LibraryCall, ATimeoutEndsIt) {
  const SilentPort port;
  Options options;
  options.timeout = std::chrono::milliseconds(50);
  const CommandResult result = collect(response_for(port), options);
  EXPECT_EQ(result.outcome, Outcome::timeout);
  EXPECT_EQ(exit_status(result), 124);
  EXPECT_EQ(result.standard_output, "");
}

TEST_F(LibraryCall, AnotherThreadCancelsIt) {
  const SilentPort port;
  std::stop_source source;
  Options options;
  options.cancel = source.get_token();
  std::jthread other([&port, &source] {
    const sys::UniqueFd connection = port.accept();
    source.request_stop();
  });
  const CommandResult result = collect(response_for(port), options);
  EXPECT_EQ(result.outcome, Outcome::interrupted);
  EXPECT_EQ(exit_status(result), 130);
  EXPECT_FALSE(result.exit_code);
}

TEST_F(LibraryCall, WhatWasCancelledBeforeItBeganEndsAtOnce) {
  const SilentPort port;
  std::stop_source source;
  source.request_stop();
  Options options;
  options.cancel = source.get_token();
  EXPECT_EQ(collect(response_for(port), options).outcome, Outcome::interrupted);
}

TEST_F(LibraryCall, NoMessageHoldsTheToken) {
  std::string response;
  {
    const SilentPort port;
    response = response_for(port);
  }  // nobody listens there any more
  std::string said;
  Options options;
  options.notice = [&said](std::string_view line) { said += line; };
  const CommandResult result = collect(response, options);
  EXPECT_FALSE(result.succeeded());
  EXPECT_THAT(result.explanation, Not(testing::IsEmpty()));
  EXPECT_THAT(result.explanation + said + to_json(result), Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace ferry

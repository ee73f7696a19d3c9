// A container runtime that a test plays: containers are pipes, and end when the test or a signal says so.
#pragma once

#include "local/runtime/container_runtime.hpp"
#include "net/loop.hpp"
#include "sys/pipe.hpp"

#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::local {

class FakeContainer;

class FakeRuntime : public ContainerRuntime {
 public:
  explicit FakeRuntime(net::Loop& loop) : loop_(loop) {}

  net::Task<Result<std::unique_ptr<Container>>> start(ContainerSpec spec) override;

  // The latest running container of an image; null if there is none.
  FakeContainer* running(const std::string& image) {
    const auto found = living.find(image);
    return found == living.end() ? nullptr : found->second;
  }

  std::map<std::string, Failure> refusals;  // by image
  bool heeds_sigterm = true;
  std::vector<ContainerSpec> started;
  std::vector<std::string> signals;  // "IMAGE SIGNAL" in the order of their arrival
  std::map<std::string, FakeContainer*> living;

 private:
  net::Loop& loop_;
};

class FakeContainer : public Container {
 public:
  FakeContainer(net::Loop& loop, FakeRuntime& runtime, std::string image)
      : runtime_(runtime), image_(std::move(image)), ended_(loop) {
    auto output = sys::open_pipe();
    auto error = sys::open_pipe();
    EXPECT_TRUE(output && error);
    streams_.output = std::move(output->reading);
    streams_.error = std::move(error->reading);
    output_ = std::move(output->writing);
    error_ = std::move(error->writing);
    runtime_.living[image_] = this;
  }
  ~FakeContainer() override {
    if (runtime_.running(image_) == this) runtime_.living.erase(image_);
  }

  net::Task<ExitStatus> wait() override {
    co_await ended_.wait();
    co_return status_;
  }
  void signal(int number) override {
    runtime_.signals.push_back(image_ + (number == SIGTERM ? " TERM" : " KILL"));
    if (number == SIGKILL || runtime_.heeds_sigterm) exit(128 + number);
  }
  StandardStreams take_streams() override { return std::move(streams_); }
  net::Task<Result<Exec>> exec(std::vector<std::string>, std::map<std::string, std::string>, bool) override {
    co_return fail(FailureCode::not_found, "no exec here");
  }

  void write(std::string_view text) { write_to(output_, text); }
  void write_error(std::string_view text) { write_to(error_, text); }
  // Bytes written to its output that nobody has read yet.
  [[nodiscard]] int unread() const {
    int count = 0;
    EXPECT_EQ(::ioctl(output_.get(), FIONREAD, &count), 0);
    return count;
  }
  void exit(int code) {
    if (ended_.is_set()) return;
    output_.reset();
    error_.reset();
    status_.code = code;
    ended_.set();
  }

 private:
  static void write_to(const sys::UniqueFd& fd, std::string_view text) {
    EXPECT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  FakeRuntime& runtime_;
  std::string image_;
  net::Event ended_;
  StandardStreams streams_;
  sys::UniqueFd output_, error_;
  ExitStatus status_;
};

inline net::Task<Result<std::unique_ptr<Container>>> FakeRuntime::start(ContainerSpec spec) {
  started.push_back(spec);
  const auto refusal = refusals.find(spec.image);
  if (refusal != refusals.end()) co_return fail(refusal->second);
  co_return std::make_unique<FakeContainer>(loop_, *this, spec.image);
}

}  // namespace ferry::local

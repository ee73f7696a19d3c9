// One container under bubblewrap, from its launch to its end.
// Owns bubblewrap, and with it every process inside: destroying it leaves none. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "local/runtime/container_process.hpp"
#include "local/runtime/container_runtime.hpp"
#include "local/runtime/sandbox_layout.hpp"
#include "net/loop.hpp"
#include "sys/child.hpp"
#include "sys/pipe.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ferry::local {

// bubblewrap on its way. Its process outside waits for the container's init (process 1 inside, which reaps),
// whose first child (process 2 inside) is the command.
struct SandboxLaunch {
  std::shared_ptr<sys::Child> bubblewrap;
  sys::UniqueFd output, error;  // our ends
  sys::UniqueFd status;         // where bubblewrap reports, as JSON lines
};

class SandboxContainer final : public Container {
 public:
  struct Inside {
    pid_t init_number = -1;
    sys::UniqueFd init, command;  // pidfds; invalid where it ended too soon to be seen
  };

  SandboxContainer(net::Loop& loop, SandboxMode mode, sys::SyscallFilter filter, Environment environment,
                   std::string working_directory, SandboxLaunch launch, Inside inside);
  ~SandboxContainer() override;
  SandboxContainer(const SandboxContainer&) = delete;
  SandboxContainer& operator=(const SandboxContainer&) = delete;

  net::Task<ExitStatus> wait() override { return wait_for_end(loop_, bubblewrap_); }
  void signal(int number) override;
  StandardStreams take_streams() override { return std::move(streams_); }
  net::Task<Result<Exec>> exec(std::vector<std::string> argv, Environment environment,
                               bool on_terminal) override;

 private:
  net::Loop& loop_;
  SandboxMode mode_;
  sys::SyscallFilter filter_;  // of every process inside
  Environment environment_;
  std::string working_directory_;
  std::shared_ptr<sys::Child> bubblewrap_;
  StandardStreams streams_;
  sys::UniqueFd status_;  // unread, but bubblewrap dies of SIGPIPE if nobody could read its last report
  Inside inside_;
};

// Waits until the command is there, or has already been. Failure: bubblewrap could not make the container,
// in its words.
net::Task<Result<SandboxContainer::Inside>> wait_for_command(net::Loop& loop, SandboxLaunch& launch);

}  // namespace ferry::local

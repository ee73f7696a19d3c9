// Containers under bubblewrap, on the host's root file system or an image's folder. Each has its own PID,
// mount, IPC and UTS namespaces, a private writable root where that can be mounted, and the host's network.
// Owns nothing itself; each container owns its processes and everything it wrote: both are gone with it,
// also when the endpoint is killed. The loop's thread only, and it must outlive the containers.
#pragma once

#include "local/runtime/container_runtime.hpp"
#include "local/runtime/sandbox_layout.hpp"
#include "net/loop.hpp"
#include "sys/child_setup.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ferry::local {

class SandboxRuntime final : public ContainerRuntime {
 public:
  // Finds out, by starting containers, what this machine allows. Failure: why it allows none, and the fix.
  static net::Task<Result<std::unique_ptr<SandboxRuntime>>> probe(net::Loop& loop,
                                                                  std::vector<std::string> hidden_folders,
                                                                  std::string mark);

  // `mark` is what bubblewrap calls itself (leftovers.hpp).
  SandboxRuntime(net::Loop& loop, std::string bubblewrap, SandboxMode mode,
                 std::vector<std::string> hidden_folders, sys::SyscallFilter filter, std::string mark);

  net::Task<Result<std::unique_ptr<Container>>> start(ContainerSpec spec) override;
  [[nodiscard]] const SandboxMode& mode() const { return mode_; }

 private:
  net::Loop& loop_;
  std::string bubblewrap_;  // absolute path
  SandboxMode mode_;
  std::vector<std::string> hidden_folders_;
  sys::SyscallFilter filter_;
  std::string mark_;
};

}  // namespace ferry::local

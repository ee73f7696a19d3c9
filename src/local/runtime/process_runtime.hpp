// Containers as plain child processes of the endpoint, with its rights and its view of the machine: no
// isolation, so only on explicit request. Owns nothing itself; each container owns its process group.
// The loop's thread only. If the endpoint is killed the command goes with it; its descendants may stay.
#pragma once

#include "local/runtime/container_runtime.hpp"
#include "net/loop.hpp"

#include <memory>

namespace ferry::local {

class ProcessRuntime final : public ContainerRuntime {
 public:
  explicit ProcessRuntime(net::Loop& loop) : loop_(loop) {}
  net::Task<Result<std::unique_ptr<Container>>> start(ContainerSpec spec) override;

 private:
  net::Loop& loop_;
};

}  // namespace ferry::local

// Which runtime the endpoint gets: what `ferry local up --runtime` chooses.
#pragma once

#include "base/result.hpp"
#include "local/runtime/container_runtime.hpp"
#include "net/loop.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::local {

enum class RuntimeChoice { automatic, sandbox, process };

// "auto", "sandbox" or "process". Failure usage for anything else, "docker" among it: it is not built in.
Result<RuntimeChoice> parse_runtime_choice(std::string_view text);

struct RuntimeSettings {
  // Folders that no container may see: the data folder, the invoking user's home. /root and /home are
  // hidden in any case. The process runtime cannot hide anything.
  std::vector<std::string> hidden_folders;
  // What sandboxes are named after, so that the next endpoint of the folder finds what is left of them;
  // empty: it keeps nothing.
  std::string data_folder;
};

// A runtime that was seen to work. `automatic` is the sandbox, never the process runtime: running
// containers unprotected needs an explicit request. Failure: why namespaces cannot be had here, and the fix.
// The loop's thread must live as long as the runtime: containers end with it.
net::Task<Result<std::unique_ptr<ContainerRuntime>>> open_runtime(net::Loop& loop, RuntimeChoice choice,
                                                                  RuntimeSettings settings);

}  // namespace ferry::local

#include "local/runtime/open_runtime.hpp"

#include "local/runtime/leftovers.hpp"
#include "local/runtime/process_runtime.hpp"
#include "local/runtime/sandbox_runtime.hpp"

#include <utility>

#include <fmt/format.h>

namespace ferry::local {

Result<RuntimeChoice> parse_runtime_choice(std::string_view text) {
  if (text == "auto") return RuntimeChoice::automatic;
  if (text == "sandbox") return RuntimeChoice::sandbox;
  if (text == "process") return RuntimeChoice::process;
  if (text == "docker")
    return fail(FailureCode::usage, "this ferry has no docker runtime", "use --runtime sandbox");
  return fail(FailureCode::usage, fmt::format("there is no runtime \"{}\"", text),
              "--runtime takes auto, sandbox or process");
}

net::Task<Result<std::unique_ptr<ContainerRuntime>>> open_runtime(net::Loop& loop, RuntimeChoice choice,
                                                                  RuntimeSettings settings) {
  if (choice == RuntimeChoice::process) co_return std::make_unique<ProcessRuntime>(loop);
  std::string mark = sandbox_mark(settings.data_folder);
  if (!settings.data_folder.empty()) end_leftovers(mark);
  Result<std::unique_ptr<SandboxRuntime>> sandbox =
      co_await SandboxRuntime::probe(loop, std::move(settings.hidden_folders), std::move(mark));
  if (!sandbox) co_return fail(std::move(sandbox.error()));
  co_return std::move(*sandbox);
}

}  // namespace ferry::local

#include "cli/commands.hpp"

namespace ferry::cli {

Result<int> session_manager_plugin_command(Words) {
  return fail(FailureCode::usage, "session_manager_plugin is not built yet");
}

}  // namespace ferry::cli

#include "cli/commands.hpp"

namespace ferry::cli {

Result<int> exec_command(Words) {
  return fail(FailureCode::usage, "exec is not built yet");
}

}  // namespace ferry::cli

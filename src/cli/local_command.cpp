#include "cli/commands.hpp"

namespace ferry::cli {

Result<int> local_command(Words) {
  return fail(FailureCode::usage, "local is not built yet");
}

}  // namespace ferry::cli

#include "cli/commands.hpp"

namespace ferry::cli {

Result<int> run_command(Words) {
  return fail(FailureCode::usage, "run is not built yet");
}

}  // namespace ferry::cli

#include "cli/commands.hpp"

namespace ferry::cli {

Result<int> api_command(Words) {
  return fail(FailureCode::usage, "api is not built yet");
}

}  // namespace ferry::cli

#include "library/command.hpp"
#include "wire/exec_wrapper.hpp"

#include <ferry/wrap.hpp>

namespace ferry {

std::optional<std::string> wrap(const std::vector<std::string>& command) {
  if (!library::check_command(command)) return std::nullopt;
  return wire::wrap_command(command);
}

}  // namespace ferry

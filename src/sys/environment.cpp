#include "sys/environment.hpp"

#include <cstdlib>

namespace ferry::sys {

std::optional<std::string> environment_variable(std::string_view name) {
  const char* value =
      std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets any
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

}  // namespace ferry::sys

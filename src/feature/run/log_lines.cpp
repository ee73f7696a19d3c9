#include "feature/run/log_lines.hpp"

#include "base/text.hpp"

namespace ferry::feature {

std::string log_lines(std::string_view owner, std::string_view message) {
  std::string text;
  for (const std::string_view line : split(message, '\n')) {
    text += owner;
    text += line;
    text += '\n';
  }
  return text;
}

}  // namespace ferry::feature

#include "feature/exec_escape.hpp"

#include <utility>

namespace ferry::feature {

EscapeKeys::Typed EscapeKeys::feed(BytesView bytes) {
  Typed typed;
  for (const std::uint8_t byte : bytes) {
    if (std::exchange(escape_held_, false)) {
      if (byte == '.') {
        typed.disconnect = true;
        return typed;
      }
      if (byte == '?') {
        typed.help = true;
        continue;  // still at the start of the line
      }
      typed.input.push_back('~');
      at_line_start_ = false;
      if (byte == '~') continue;
    } else if (byte == '~' && at_line_start_) {
      escape_held_ = true;
      continue;
    }
    typed.input.push_back(byte);
    at_line_start_ = byte == '\r' || byte == '\n';
  }
  return typed;
}

}  // namespace ferry::feature

// The user's terminal: raw mode that is always undone, and its size.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace ferry::sys {

bool is_terminal(int fd);

struct WindowSize {
  std::uint16_t columns = 0, rows = 0;
  bool operator==(const WindowSize&) const = default;
};

// Nothing where `fd` is no terminal or does not know its size.
std::optional<WindowSize> window_size(int fd);

// `both`: every key arrives as its byte, nothing is echoed or translated. `output`: what is shown is not
// translated, and keys act as before.
enum class RawPart { both, output };

// Raw mode for as long as it lives. The settings found are restored by restore(), by the destructor, and,
// best effort, when the program crashes. One at a time in a process; `fd` must stay open.
class RawTerminal {
 public:
  static Result<RawTerminal> enter(int fd, RawPart part = RawPart::both);
  ~RawTerminal();
  RawTerminal(RawTerminal&&) noexcept;
  RawTerminal& operator=(RawTerminal&&) noexcept;

  void restore();

 private:
  struct Saved;
  explicit RawTerminal(std::unique_ptr<Saved> saved);
  std::unique_ptr<Saved> saved_;
};

}  // namespace ferry::sys

#include "base/secret.hpp"

namespace ferry {
namespace {

template <class Byte>
void overwrite(std::span<Byte> bytes) noexcept {
  // A store through a volatile pointer is an effect of the program.
  volatile Byte* memory = bytes.data();
  for (std::size_t i = 0; i < bytes.size(); ++i) memory[i] = 0;
}

}  // namespace

void wipe(std::span<char> bytes) noexcept {
  overwrite(bytes);
}

void wipe(std::span<std::uint8_t> bytes) noexcept {
  overwrite(bytes);
}

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // within the capacity nothing is allocated
  overwrite(std::span(text));
  text.clear();
}

std::string redacted(std::string text, const Secret& secret) {
  constexpr std::string_view kShown = "[secret]";
  if (secret.empty()) return text;
  for (std::size_t at = text.find(secret.reveal()); at != std::string::npos;
       at = text.find(secret.reveal(), at + kShown.size()))
    text.replace(at, secret.reveal().size(), kShown);
  return text;
}

}  // namespace ferry

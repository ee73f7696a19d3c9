// Keys, tokens and passwords: text that is wiped from memory when it is no longer held, and that nobody shows
// by mistake. Bounded by what it is given. Thread-safe like any value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry {

// Overwrites the memory; no optimizer leaves that out.
void wipe(std::span<char> bytes) noexcept;
void wipe(std::span<std::uint8_t> bytes) noexcept;
// All that the string's memory holds; it is empty afterwards.
void wipe(std::string& text) noexcept;

// An allocator that wipes what is given back to it.
template <class Character>
struct WipingAllocator {
  using value_type = Character;

  WipingAllocator() = default;
  template <class Other>
  explicit WipingAllocator(const WipingAllocator<Other>& /*other*/) {}

  Character* allocate(std::size_t count) { return std::allocator<Character>().allocate(count); }
  void deallocate(Character* memory, std::size_t count) noexcept {
    wipe(std::span(memory, count));
    std::allocator<Character>().deallocate(memory, count);
  }
  bool operator==(const WipingAllocator& /*other*/) const { return true; }
};

// Deliberately without a formatter, a stream operator or a conversion to text.
class Secret {
 public:
  Secret() = default;
  // Takes it over: `text` holds nothing of it afterwards. Not explicit: to hold text as a secret is always
  // safe.
  Secret(std::string text) : bytes_(text.begin(), text.end()) { wipe(text); }
  Secret(const char* text) : Secret(std::string(text)) {}

  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept = default;  // memory changes hands, so that nothing stays behind
  Secret& operator=(Secret other) noexcept {
    bytes_.swap(other.bytes_);
    return *this;
  }
  ~Secret() = default;

  // Lives as long as this secret is neither changed nor destroyed. Whoever copies it has to wipe the copy.
  [[nodiscard]] std::string_view reveal() const { return {bytes_.data(), bytes_.size()}; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  std::vector<char, WipingAllocator<char>> bytes_;
};

// `text` with each place where the secret stands in it made unreadable: for what others wrote and may have
// put it into.
std::string redacted(std::string text, const Secret& secret);

}  // namespace ferry

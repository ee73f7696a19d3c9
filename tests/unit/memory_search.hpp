// Looks for a text in all of this process's memory, freed memory included: what a core dump would show.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace ferry {

// A text that nobody else has, kept so that keeping it is no copy of it.
class HiddenText {
 public:
  HiddenText() {
    std::random_device random;
    std::generate(flipped_.begin(), flipped_.end(),
                  [&] { return static_cast<char>(~("0123456789abcdef"[random() % 16])); });
  }

  // A copy, which is the caller's to wipe.
  [[nodiscard]] std::string text() const {
    std::string plain(flipped_.size(), '\0');
    std::ranges::transform(flipped_, plain.begin(), flip);
    return plain;
  }

  // In how many places of writable memory it stands.
  [[nodiscard]] std::size_t copies_in_memory() const {
    std::size_t copies = 0;
    std::vector<char> window(std::size_t{1} << 20U);
    const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    std::ifstream mappings("/proc/self/maps");
    for (std::string line; std::getline(mappings, line);) {
      std::uint64_t begin = 0;
      std::uint64_t end = 0;
      char access = '-';
      if (std::sscanf(line.c_str(), "%lx-%lx r%c", &begin, &end, &access) != 3 || access != 'w') continue;
      if (end - begin > kLargestMapping) continue;  // a sanitizer's shadow
      for (std::uint64_t at = begin; at < end; at += window.size() - flipped_.size())
        copies += copies_at(memory, at, end, window);
    }
    ::close(memory);
    return copies;
  }

 private:
  static constexpr std::uint64_t kLargestMapping = std::uint64_t{1} << 30U;

  static char flip(char c) { return static_cast<char>(~c); }

  // Counted where they begin, but for the window itself, into which we have just read them.
  [[nodiscard]] std::size_t copies_at(int memory, std::uint64_t at, std::uint64_t end,
                                      std::vector<char>& window) const {
    const std::size_t wanted = std::min<std::uint64_t>(window.size(), end - at);
    const ssize_t size = ::pread(memory, window.data(), wanted, static_cast<off_t>(at));
    if (size <= 0) return 0;
    const auto window_at = reinterpret_cast<std::uint64_t>(window.data());
    const auto is_same = [](char c, char flipped) { return c == flip(flipped); };
    std::size_t copies = 0;
    for (auto found = window.begin();; ++found) {
      found = std::search(found, window.begin() + size, flipped_.begin(), flipped_.end(), is_same);
      if (found == window.begin() + size) return copies;
      const std::uint64_t where = at + static_cast<std::uint64_t>(found - window.begin());
      const bool is_next_windows =
          found - window.begin() >= static_cast<std::ptrdiff_t>(window.size() - flipped_.size());
      const bool is_ours = where >= window_at && where < window_at + window.size();
      if (!is_next_windows && !is_ours) ++copies;
    }
  }

  std::string flipped_ = std::string(40, '\0');
};

}  // namespace ferry

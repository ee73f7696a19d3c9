#include "net/http.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace ferry::net {

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return {};
}

std::size_t count_headers(const Headers& headers, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count_if(
      headers, [name](const auto& header) { return equals_ignoring_case(header.first, name); }));
}

}  // namespace ferry::net

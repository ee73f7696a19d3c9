#include "feature/reader_patience.hpp"

#include <algorithm>

namespace ferry::feature {

void ReaderPatience::end_asked(Instant now) {
  if (!since_) since_ = now;
}

void ReaderPatience::took(Instant now) {
  if (since_) since_ = std::max(*since_, now);
}

std::optional<Instant> ReaderPatience::deadline() const {
  return since_ ? std::optional(*since_ + kLongest) : std::nullopt;
}

bool ReaderPatience::is_over(Instant now) const {
  return since_ && now >= *since_ + kLongest;
}

}  // namespace ferry::feature

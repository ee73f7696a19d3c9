// How long a reader that takes nothing is waited for. Pure.
//
// A reader may be slow: a pager takes what its user looks at. So nobody hurries it until the end is asked for
// (a signal, the time limit); from then on it is waited for as long as it goes on taking.
#pragma once

#include "base/time.hpp"

#include <optional>

namespace ferry::feature {

class ReaderPatience {
 public:
  // Without a byte taken, once the end is asked for.
  static constexpr milliseconds kLongest{3'000};

  // The first call counts.
  void end_asked(Instant now);
  void took(Instant now);

  // When patience is over; nothing while nobody asks for the end.
  [[nodiscard]] std::optional<Instant> deadline() const;
  [[nodiscard]] bool is_over(Instant now) const;

 private:
  std::optional<Instant> since_;
};

}  // namespace ferry::feature

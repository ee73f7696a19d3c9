// What the service's words about a stopped task mean. Pure, thread-safe.
#pragma once

#include <string_view>

namespace ferry::feature {

struct StopCause {
  // Both are in the service's text, in whatever case; the second may be empty.
  std::string_view first_word, second_word;
  std::string_view cause;
  std::string_view next_step;
  bool is_passing = false;  // the same task may well run a minute later
};

// The first row of the table that fits `reason`, which is a container's reason or a task's stoppedReason.
// Null where the text is not known: it is to be shown as it is. The texts are the service's own as seen in
// its user guide ("Stopped tasks error codes") and in public threads; tests/data/stop_reasons.tsv has them
// whole, with their places.
const StopCause* stop_cause_of(std::string_view reason);

}  // namespace ferry::feature

// Follows one log stream to its end by forward tokens, sans-IO: it says what to ask for and when, and judges
// what came. It never compares timestamps, so events of one millisecond are neither lost nor repeated.
//
// CloudWatch Logs never says "end": the token that was sent comes back where nothing newer is stored *yet*,
// and an empty page alone means nothing. So the end is: the task has stopped, and a read made at least one
// settle window after that, and after the last page that brought something, gave back the token it sent.
// A source that does say "end" is taken at its word.
// Owns the token. Bounded after the stop: 60 s without a new event end it all the same, and two hours with
// ever new ones, for what has stopped does not go on writing.
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace ferry::wire {

enum class LogEnd {
  complete,  // the source said so
  settled,   // the token repeated over the settle window
  missing,   // the stream does not exist, three settle windows after the task that would write it stopped
  unproven,  // tokens went on changing without an event, or beyond all bounds
};

class LogFollower {
 public:
  // From here on a page is called large, and the next is asked for at once.
  static constexpr std::size_t kLargePageEvents = 1000;
  static constexpr std::size_t kLargePageBytes = std::size_t{256} << 10U;
  static constexpr milliseconds kLongestSilence{60'000};
  static constexpr milliseconds kLongestReading{7'200'000};

  // What the next read has to send; empty means from the stream's head.
  [[nodiscard]] const std::string& token() const { return token_; }

  // The answer to a read that was sent with token() at `asked_at`. `is_complete`: nothing comes behind it.
  void page(Instant asked_at, std::size_t events, std::size_t bytes, std::string next_token,
            bool is_complete = false);
  // The answer was that there is no such stream: normal while the task starts.
  void missing(Instant asked_at);
  // No further output can be written. Once; later calls have no effect.
  void task_stopped(Instant now, milliseconds settle_window);

  // When the stream itself asks for the next read: at once after a large page, and after task_stopped()
  // always. Nothing where the caller's own pace decides, and after the end.
  [[nodiscard]] std::optional<Instant> due() const;
  [[nodiscard]] std::optional<LogEnd> end() const { return end_; }

 private:
  struct Closing {
    Instant stopped_at;
    Instant since;       // the stop, or the last page that brought something
    Instant last_event;  // the stop, or the last page with events
    Instant next_read;
    milliseconds window;  // how long the token must repeat
  };

  std::string token_;
  std::optional<Instant> read_on_at_;
  std::optional<Closing> closing_;
  std::optional<LogEnd> end_;
};

}  // namespace ferry::wire

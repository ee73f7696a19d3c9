// The log of one container of one task, to its last line: each event once, in the stream's order while it is
// followed; what was ingested late, behind the place that had been read, comes last.
// Owns the position in the stream; bounded by wire/log_follower.hpp and, after the task has stopped, by a
// number of failures in a row. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/logs.hpp"
#include "base/time.hpp"
#include "feature/result.hpp"
#include "feature/run/input.hpp"
#include "net/task.hpp"
#include "wire/log_follower.hpp"
#include "wire/log_merge.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ferry::feature {

struct LogListener {
  std::function<void(std::string_view container, std::span<const aws::logs::Event> events)> events;
  std::function<void(std::string_view line)> notice;  // one thing that the user has to know now
};

// What became of a read.
enum class LogRead {
  brought_events,
  silent,
  refused,  // throttled, or failed in a way that may pass
};

class ContainerLog {
 public:
  // Says at once where the log cannot be read.
  ContainerLog(aws::Client& client, std::string container, LogSource source, LogListener listener);

  [[nodiscard]] const std::string& container() const { return container_; }
  // False once it has ended or cannot be read: no read is wanted any more.
  [[nodiscard]] bool is_open() const { return !state_; }
  // When the stream itself asks for the next read; nothing where the caller's own pace decides.
  [[nodiscard]] std::optional<Instant> due() const;

  // One page; after the end a second reading of the whole stream. Only while is_open().
  net::Task<LogRead> read();

  // The task has stopped: what is not there `settle_window` after its last event will not come.
  void task_stopped(Instant now, milliseconds settle_window);
  // The container was never started: there is nothing to read, and nothing to complain about.
  void never_ran();

  // Nothing while is_open(), and of a container that never ran.
  [[nodiscard]] std::optional<LogState> state() const;

 private:
  enum class Ending { complete, settled, unavailable, never_ran };

  LogRead failed(const Failure& failure);
  void cannot_be_read(std::string_view reason);
  net::Task<> judge_end();
  net::Task<bool> read_again();  // whether that was possible

  aws::Client& client_;
  std::string container_;
  LogSource source_;
  LogListener listener_;
  wire::LogFollower follower_;
  wire::LogMerge shown_;
  bool has_stopped_ = false;
  int failures_ = 0;  // in a row
  Instant not_before_;
  std::optional<Ending> state_;
};

}  // namespace ferry::feature

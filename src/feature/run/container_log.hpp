// The log of one container of one task, to its last line: each event once, in the stream's order while it is
// followed; what was ingested late, behind the place that had been read, comes last.
// Owns the position in the stream, and what the second reading is matched against; bounded by
// wire/log_merge.hpp, wire/log_follower.hpp and, after the task has stopped, by a number of failures in a
// row. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "aws/logs.hpp"
#include "base/time.hpp"
#include "feature/result.hpp"
#include "feature/run/input.hpp"
#include "feature/run/log_rereading.hpp"
#include "net/task.hpp"
#include "wire/log_follower.hpp"
#include "wire/log_merge.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ferry::feature {

struct LogListener {
  std::function<void(std::string_view container, std::span<const aws::logs::Event> events)> events;
  std::function<void(std::string_view line)> notice;  // one thing that the user has to know now
  std::function<net::Task<>()> room;                  // before a page is read; may be empty
};

// Before the first event of the task's, with what the clocks of two machines may be apart. Milliseconds since
// 1970; 0 where the service did not say when it was created.
std::int64_t log_start(const aws::ecs::Task& task);

// How many events of each log the second reading is matched against, where so many logs are read at a time.
std::size_t remembered_events(std::size_t logs);

// What became of a read.
enum class LogRead {
  brought_events,
  silent,
  refused,  // throttled, or failed in a way that may pass
};

class ContainerLog {
 public:
  // Says at once where the log cannot be read. `remembered`: see wire::LogMerge.
  ContainerLog(aws::Client& client, std::string container, LogSource source, LogListener listener,
               std::size_t remembered = wire::LogMerge::kMost);

  [[nodiscard]] const std::string& container() const { return container_; }
  // False once it has ended or cannot be read: no read is wanted any more.
  [[nodiscard]] bool is_open() const { return !state_; }
  // When the stream itself asks for the next read; nothing where the caller's own pace decides.
  [[nodiscard]] std::optional<Instant> due() const;

  // One page. Only while is_open() and not is_read_once().
  net::Task<LogRead> read();
  // Its end was reached, and only read_again() is left.
  [[nodiscard]] bool is_read_once() const { return is_open() && is_read_once_; }
  // Brings what came late; `start_ms` as log_start() says. Once, where is_read_once().
  net::Task<> read_again(LogRereading& rereading, std::int64_t start_ms);

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
  void judge_end();

  aws::Client& client_;
  std::string container_;
  LogSource source_;
  LogListener listener_;
  wire::LogFollower follower_;
  wire::LogMerge shown_;
  bool has_stopped_ = false;
  bool is_read_once_ = false;
  int failures_ = 0;  // in a row
  Instant not_before_;
  std::optional<Ending> state_;
};

// read_again() of each that wants it, beside each other, so that they share their calls.
net::Task<> read_again(net::Loop& loop, std::span<ContainerLog> logs, LogRereading& rereading,
                       std::int64_t start_ms);

}  // namespace ferry::feature

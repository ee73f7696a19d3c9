// The way of containers' lines into the log store: gathered for a moment, so that many lines share one
// transaction, or held back for as long as a fault rule wants. Owns what is not stored yet: at most
// kMostGathered lines, and those that rules hold back. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "local/store/log_store.hpp"
#include "local/tasks/container_plan.hpp"
#include "local/tasks/fates.hpp"
#include "net/loop.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ferry::local {

class LogIntake {
 public:
  static constexpr milliseconds kGatherTime{10};
  static constexpr std::size_t kMostGathered = 2'000;

  // What it refers to must outlive it; shut_down() first.
  LogIntake(net::Loop& loop, LogStore& logs, const Fates& fates);

  // Makes the stream, and the group where the target asks for it. Failure not_found, in the words of a task's
  // stoppedReason, where the group is missing.
  Result<> open(const LogTarget& target);
  // Lines printed now, in their order.
  void put(const LogTarget& target, std::vector<std::string> lines);
  // A container has ended: no more will be put into its stream. What was only gathered is stored; the stream
  // is complete once that which rules hold back is stored too.
  void finish(const LogTarget& target);
  // Stores everything, whatever rules want.
  void settle_all();
  // settle_all(), and no more timers.
  net::Task<> shut_down();

 private:
  using StreamName = std::pair<std::string, std::string>;  // group, stream
  struct Held {
    StreamName stream;
    LogEvent event;
  };

  void settle();
  void complete_finished();
  void hold(Instant due, const StreamName& stream, LogEvent event);
  void wake_at(Instant due);
  net::Task<> store_at(Instant due);
  void store_until(Instant due);
  void store(const StreamName& stream, const std::vector<LogEvent>& events);

  net::Loop& loop_;
  LogStore& logs_;
  const Fates& fates_;
  std::multimap<Instant, Held> held_;           // by when it is to be stored; equal ones in their order
  std::map<StreamName, std::size_t> held_of_;   // how many of them are a stream's
  std::map<StreamName, Instant> late_streams_;  // when they are to appear
  std::set<StreamName> finished_;               // and not complete yet
  std::set<Instant> wakings_;                   // when a timer ends
  std::size_t gathered_ = 0;                    // lines since the last store
  net::TaskGroup timers_;
};

}  // namespace ferry::local

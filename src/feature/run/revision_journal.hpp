// What ferry has registered and must deregister, on disk before it is registered: one file a revision, locked
// by the process that needs it. A file whose lock is free belongs to a process that has ended. Bounded by the
// runs that were killed: every other run removes its file.
#pragma once

#include "aws/settings.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "sys/locked_file.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ferry::feature {

// XDG_STATE_HOME, else ~/.local/state; then "ferry/revisions". Failure (usage): neither is set.
Result<std::string> revision_journal_folder(const aws::Environment& environment);

// A revision that is about to be registered.
struct RevisionIntent {
  std::string endpoint, region, account;  // where and whose
  std::string family;                     // begins with ferry-
  std::string mark;                       // in the revision itself (see marked()): how it is recognised
  WallTime intended_at;
};

class JournalEntry {
 public:
  // On disk when it returns. Failure: local_system.
  static Result<JournalEntry> write(const std::string& folder, RevisionIntent intent);
  // The wanted entries of processes that have ended, at most `most`; their locks are held by this process
  // from now on. What is not an entry is left alone.
  static std::vector<JournalEntry> abandoned(const std::string& folder, std::size_t most,
                                             const std::function<bool(const JournalEntry&)>& is_wanted);

  [[nodiscard]] const RevisionIntent& intent() const { return intent_; }
  // Empty where the answer of RegisterTaskDefinition never came.
  [[nodiscard]] const std::string& arn() const { return arn_; }
  // When a sweep last failed to deregister it.
  [[nodiscard]] const std::optional<WallTime>& tried_at() const { return tried_at_; }

  Result<> registered(std::string arn);
  Result<> tried(WallTime at);
  // Nothing is left to deregister.
  Result<> forget();

 private:
  JournalEntry(sys::LockedFile file, RevisionIntent intent)
      : file_(std::move(file)), intent_(std::move(intent)) {}
  static std::optional<JournalEntry> read(sys::LockedFile file);

  sys::LockedFile file_;
  RevisionIntent intent_;
  std::string arn_;
  std::optional<WallTime> tried_at_;
};

}  // namespace ferry::feature

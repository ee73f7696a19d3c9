// The record of what a session printed, kept in a log group for those who audit sessions: one event a line,
// in a stream that is named after the session.
//
// Owns the line that has not ended yet; bounded by LineSplitter's limit. What the store cannot take is said
// once and ends the record, not the session. The loop's thread only.
#pragma once

#include "base/text.hpp"
#include "local/store/log_store.hpp"
#include "local/tasks/line_splitter.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ferry::local {

using Notice = std::function<void(const std::string& line)>;

class Transcript {
 public:
  // Nothing, after a notice, where the group does not exist. `logs` must outlive the transcript.
  static std::optional<Transcript> open(LogStore& logs, std::string group, std::string session_id,
                                        Notice notice);

  // The events that end in `printed` are in the store when it returns.
  void write(BytesView printed);
  // The last line too. Idempotent.
  void finish();

 private:
  Transcript(LogStore& logs, std::string group, std::string session_id, Notice notice);
  void keep(std::vector<std::string> lines);

  LogStore* logs_;  // null once it has failed
  std::string group_, stream_;
  Notice notice_;
  LineSplitter lines_;
};

}  // namespace ferry::local

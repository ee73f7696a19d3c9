#include "local/agent/transcript.hpp"

#include "net/clock.hpp"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace ferry::local {
namespace {

std::int64_t now_ms() {
  return net::wall_now().time_since_epoch().count();
}

}  // namespace

Transcript::Transcript(LogStore& logs, std::string group, std::string session_id, Notice notice)
    : logs_(&logs), group_(std::move(group)), stream_(std::move(session_id)), notice_(std::move(notice)) {}

std::optional<Transcript> Transcript::open(LogStore& logs, std::string group, std::string session_id,
                                           Notice notice) {
  Transcript transcript(logs, std::move(group), std::move(session_id), std::move(notice));
  try {
    if (logs.has_group(transcript.group_)) {
      logs.create_stream(transcript.group_, transcript.stream_, now_ms());
      return transcript;
    }
    transcript.notice_(fmt::format("session {} is not logged: there is no log group {}", transcript.stream_,
                                   transcript.group_));
  } catch (const StoreError& error) {
    transcript.notice_(fmt::format("session {} is not logged: {}", transcript.stream_, error.what()));
  }
  return std::nullopt;
}

void Transcript::write(BytesView printed) {
  if (logs_ != nullptr) keep(lines_.feed(as_text(printed)));
}

void Transcript::finish() {
  if (logs_ != nullptr) keep(lines_.finish());
}

void Transcript::keep(std::vector<std::string> lines) {
  const std::int64_t now = now_ms();
  std::vector<LogEvent> events;
  events.reserve(lines.size());
  for (std::string& line : lines) {
    // A terminal ends its lines with CR LF, and the service takes no empty events.
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    LogEvent event;
    event.timestamp_ms = now;
    event.message = std::move(line);
    events.push_back(std::move(event));
  }
  try {
    logs_->append(group_, stream_, events, now);
  } catch (const StoreError& error) {
    notice_(fmt::format("session {} is logged no further: {}", stream_, error.what()));
    logs_ = nullptr;
  }
}

}  // namespace ferry::local

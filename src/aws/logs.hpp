// The CloudWatch Logs operations that ferry uses, typed.
#pragma once

#include "aws/client.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ferry::aws::logs {

struct Event {
  std::int64_t timestamp_ms = 0;  // since 1970
  std::int64_t ingestion_ms = 0;
  std::string message;
  std::string id, stream;  // FilterLogEvents only
};

struct Page {
  std::vector<Event> events;
  std::string next_forward_token;  // GetLogEvents: the same token as was sent means the end
  // Nothing is stored behind these events, and nothing more will be written. Only `ferry local` can say so;
  // on AWS it is never known.
  bool is_complete = false;
};

// Whether there is no such log group or stream.
bool is_missing(const Failure& failure);

// One page from the stream's head (empty token) or from the token on.
net::Task<Result<Page>> get_log_events(Client& client, std::string group, std::string stream,
                                       std::string forward_token);

// What a FilterLogEvents reads: at most kMostStreams streams of one group, which all exist.
inline constexpr std::size_t kMostStreams = 100;
struct Filter {
  std::string group;
  std::vector<std::string> streams;
  std::int64_t start_ms = 0;  // since 1970; nothing older is brought
};
struct FilteredPage {
  std::vector<Event> events;  // by time, of all streams, each with its id and stream
  std::string next_token;     // empty: there is no further page
};
// One page: the first (empty token) or the one that `token` leads to.
net::Task<Result<FilteredPage>> filter_log_events(Client& client, Filter filter, std::string token);

}  // namespace ferry::aws::logs

// The CloudWatch Logs operations that ferry uses, typed.
#pragma once

#include "aws/client.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ferry::aws::logs {

struct Event {
  std::int64_t timestamp_ms = 0;  // since 1970
  std::int64_t ingestion_ms = 0;
  std::string message;
  std::string id;  // FilterLogEvents only
};

struct Page {
  std::vector<Event> events;
  std::string next_forward_token;  // GetLogEvents: the same token as was sent means the end
  // Nothing is stored behind these events, and nothing more will be written. Only `ferry local` can say so;
  // on AWS it is never known.
  bool is_complete = false;
};

// One page from the stream's head (empty token) or from the token on.
net::Task<Result<Page>> get_log_events(Client& client, std::string group, std::string stream,
                                       std::string forward_token);
// Every page of one stream, in the service's order, each event with its id.
net::Task<Result<std::vector<Event>>> filter_log_events(Client& client, std::string group,
                                                        std::string stream);

}  // namespace ferry::aws::logs

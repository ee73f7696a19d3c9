// The second reading of logs after their tasks have stopped: whoever asks while a FilterLogEvents is under
// way shares the next one, page by page.
// Bounded: a page at a time, aws::kMostPages of them, one call at a time; nothing is read while `room` does
// not come. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/logs.hpp"
#include "base/result.hpp"
#include "feature/run/shared_call.hpp"
#include "net/task.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ferry::feature {

// One stream, from a millisecond on.
struct StreamAgain {
  std::string group, stream;
  std::int64_t start_ms = 0;
  // Nobody knows how much of it the first reading brought: apart from those that are small for certain.
  bool is_long = false;
};

// The calls that bring `streams`: each stream in one of them, with others of its group; the long ones apart,
// so that the start of a short one is not theirs.
std::vector<aws::logs::Filter> filters_for(std::span<const StreamAgain> streams);

class LogRereading {
 public:
  using Take = std::function<void(const aws::logs::Event&)>;

  // `room`, which may be empty, comes when the output takes more.
  LogRereading(aws::Client& client, std::function<net::Task<>()> room);

  // Hands each event to `take`, by time; once it is cancelled no further one.
  net::Task<Result<>> read(StreamAgain stream, Take take);
  // Makes the calls until it is cancelled.
  net::Task<> serve() { return call_.serve(); }

 private:
  struct Question {
    StreamAgain stream;
    std::weak_ptr<const Take> take;
  };

  net::Task<std::vector<Result<>>> read_together(std::vector<Question> questions);
  net::Task<Result<>> read_pages(aws::logs::Filter filter, const std::vector<Question>& questions);

  aws::Client& client_;
  std::function<net::Task<>()> room_;
  SharedCall<Question, Result<>> call_;
};

}  // namespace ferry::feature

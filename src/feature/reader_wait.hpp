// Waiting for the reader of our output. The loop's thread only.
#pragma once

#include "base/time.hpp"
#include "feature/output_stream.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

#include <cstddef>

namespace ferry::feature {

// Until at most `most` bytes wait in `stream`, or it has failed. Once `end_asked` is set or `time_limit` has
// come, only as ReaderPatience allows; where that is over, the stream is given up.
net::Task<> wait_for_reader(net::Loop& loop, OutputStream& stream, std::size_t most, net::Event& end_asked,
                            Instant time_limit);

}  // namespace ferry::feature

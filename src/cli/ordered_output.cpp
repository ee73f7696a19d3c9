#include "cli/ordered_output.hpp"

#include "feature/reader_wait.hpp"

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace ferry::cli {

OrderedOutput::OrderedOutput(net::Loop& loop)
    : loop_(loop), output_(loop, STDOUT_FILENO, [] {}), error_(loop, STDERR_FILENO, [] {}) {}

net::Task<> OrderedOutput::to_stdout(Bytes bytes, net::Event& end_asked) {
  return put(output_, std::move(bytes), end_asked);
}

net::Task<> OrderedOutput::to_stderr(Bytes bytes, net::Event& end_asked) {
  return put(error_, std::move(bytes), end_asked);
}

net::Task<> OrderedOutput::put(feature::OutputStream& stream, Bytes bytes, net::Event& end_asked) {
  BytesView rest = bytes;
  while (!rest.empty() && stream.failure()) {
    const BytesView piece = rest.first(std::min(rest.size(), feature::OutputStream::kFull));
    rest = rest.subspan(piece.size());
    stream.put(piece);
    co_await feature::wait_for_reader(loop_, stream, 0, end_asked, Instant::max());
  }
}

void OrderedOutput::write_into(net::TaskGroup& group) {
  group.spawn(write(output_));
  group.spawn(write(error_));
}

// Its failure stays in the stream.
net::Task<> OrderedOutput::write(feature::OutputStream& stream) {
  co_await stream.run();
}

Result<> OrderedOutput::failure() const {
  if (output_.failure()) return {};
  return fail(output_.failure().error().in("standard output"));
}

}  // namespace ferry::cli

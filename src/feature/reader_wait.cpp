#include "feature/reader_wait.hpp"

#include "feature/reader_patience.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"

#include <cstdint>
#include <utility>

namespace ferry::feature {
namespace {

net::Task<bool> until_progress(OutputStream& stream, Instant deadline) {
  stream.progress().reset();
  return stream.progress().wait_until(deadline);
}

}  // namespace

net::Task<> wait_for_reader(net::Loop& loop, OutputStream& stream, std::size_t most, net::Event& end_asked,
                            Instant time_limit) {
  ReaderPatience patience;
  std::uint64_t taken = stream.taken();
  while (stream.failure() && stream.waiting() > most) {
    const Instant now = net::steady_now();
    if (end_asked.is_set() || now >= time_limit) patience.end_asked(now);
    if (std::exchange(taken, stream.taken()) != stream.taken()) patience.took(now);
    if (patience.is_over(now)) {
      stream.give_up();
      co_return;
    }
    if (end_asked.is_set()) {
      co_await until_progress(stream, *patience.deadline());
    } else {
      net::Task<bool> progress = until_progress(stream, patience.deadline().value_or(time_limit));
      co_await unless(loop, end_asked, std::move(progress));
    }
  }
}

}  // namespace ferry::feature

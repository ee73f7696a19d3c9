#include "feature/exec_input.hpp"

#include "feature/exec_escape.hpp"
#include "net/descriptor.hpp"
#include "wire/exec_wrapper.hpp"

#include <utility>

namespace ferry::feature {

net::Task<Result<>> send_framed_input(net::Loop& loop, int fd, session::DataChannel& channel) {
  net::Descriptor input(loop, fd);
  while (true) {
    const Result<Bytes> bytes = co_await input.read_some(wire::kMaxInputChunk);
    if (!bytes) co_return fail(bytes.error().in("standard input"));
    const bool is_end = bytes->empty();
    const std::string lines = is_end ? std::string(wire::kEndOfInput) : wire::frame_input(*bytes);
    const Result<> sent = co_await channel.send_input(to_bytes(lines));
    if (is_end || !sent) co_return Result<>();
  }
}

net::Task<Result<bool>> send_typed_input(net::Loop& loop, int fd, session::DataChannel& channel,
                                         std::function<void()> show_help) {
  constexpr std::size_t kMaxTyped = 1024;
  net::Descriptor input(loop, fd);
  EscapeKeys keys;
  while (true) {
    const Result<Bytes> bytes = co_await input.read_some(kMaxTyped);
    if (!bytes) co_return fail(bytes.error().in("standard input"));
    if (bytes->empty()) co_return false;
    EscapeKeys::Typed typed = keys.feed(*bytes);
    if (typed.help) show_help();
    if (!typed.input.empty()) {
      const Result<> sent = co_await channel.send_input(std::move(typed.input));
      if (!sent) co_return false;
    }
    if (typed.disconnect) co_return true;
  }
}

}  // namespace ferry::feature

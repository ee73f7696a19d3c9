#include "feature/exec_input.hpp"

#include "feature/exec_escape.hpp"
#include "feature/unless.hpp"
#include "net/descriptor.hpp"
#include "wire/exec_wrapper.hpp"

#include <algorithm>
#include <utility>

namespace ferry::feature {

ControlLines::ControlLines(net::Loop& loop, session::DataChannel& channel)
    : channel_(channel), changed_(loop), idle_(loop) {
  idle_.set();
}

void ControlLines::send(std::string lines) {
  waiting_.push_back(std::move(lines));
  idle_.reset();
  changed_.set();
}

net::Task<> ControlLines::delivered() {
  co_await idle_.wait();
  co_await channel_.input_delivered();
}

net::Task<> ControlLines::run() {
  while (true) {
    if (waiting_.empty()) {
      idle_.set();
      changed_.reset();
      co_await changed_.wait();
      continue;
    }
    const std::string lines = std::move(waiting_.front());
    waiting_.pop_front();
    const Result<> sent = co_await channel_.send_input(to_bytes(lines));
    if (!sent) {
      idle_.set();
      co_return;
    }
  }
}

InputFeed::InputFeed(net::Loop& loop, ControlLines& lines, bool has_base64)
    : loop_(loop), lines_(lines), has_base64_(has_base64), taken_(loop), closed_(loop) {}

void InputFeed::taken() {
  taken_.set();
}

void InputFeed::closed() {
  closed_.set();
}

net::Task<Result<>> InputFeed::run(const InputSource& source) {
  const std::optional<Result<>> sent = co_await unless(loop_, closed_, send_all(source));
  if (sent && !*sent) co_return fail(sent->error());
  co_return Result<>();
}

net::Task<Result<>> InputFeed::send_all(const InputSource& source) {
  std::optional<net::Descriptor> input;
  if (const int* fd = std::get_if<int>(&source)) input.emplace(loop_, *fd);
  BytesView rest;
  if (const Bytes* bytes = std::get_if<Bytes>(&source)) rest = *bytes;
  while (true) {
    Bytes chunk;
    if (input) {
      Result<Bytes> read = co_await input->read_some(wire::kMaxInputChunk);
      if (!read) co_return fail(read.error().in("standard input"));
      chunk = std::move(*read);
    } else {
      const BytesView next = rest.first(std::min(rest.size(), wire::kMaxInputChunk));
      chunk.assign(next.begin(), next.end());
      rest = rest.subspan(next.size());
    }
    if (chunk.empty()) {
      lines_.send(std::string(wire::kEndOfInput));
      co_return Result<>();
    }
    taken_.reset();
    lines_.send(wire::input_chunk(chunk, has_base64_));
    co_await taken_.wait();
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

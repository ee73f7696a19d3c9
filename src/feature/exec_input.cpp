#include "feature/exec_input.hpp"

#include "feature/exec_escape.hpp"
#include "net/clock.hpp"
#include "net/descriptor.hpp"
#include "net/unless.hpp"

#include <algorithm>
#include <utility>

namespace ferry::feature {

ControlLines::ControlLines(net::Loop& loop, session::DataChannel& channel, wire::ExecLineTimes times,
                           std::function<void()> on_given_up)
    : channel_(channel),
      on_given_up_(std::move(on_given_up)),
      lines_(times),
      changed_(loop),
      idle_(loop),
      room_(loop) {
  idle_.set();
}

void ControlLines::send_program(const wire::ExecPlan& plan, bool is_echoing) {
  lines_.send_program(plan, is_echoing);
  changed();
}

void ControlLines::send(std::string_view word) {
  lines_.send(word);
  changed();
}

void ControlLines::send_alive() {
  lines_.send_alive();
  changed();
}

void ControlLines::send_bytes(std::string bytes) {
  lines_.send_bytes(std::move(bytes));
  changed();
}

void ControlLines::send_chunk(BytesView bytes) {
  lines_.send_chunk(bytes);
  changed();
}

void ControlLines::send_end_of_input() {
  lines_.send_end_of_input();
  changed();
}

void ControlLines::started(const wire::ExecTier& tier) {
  lines_.started(tier, net::steady_now());
  changed();
}

void ControlLines::received(const wire::exec_event::Received& received) {
  lines_.received(received.below, net::steady_now());
}

void ControlLines::wanted(const wire::exec_event::Wanted& wanted) {
  lines_.wanted(wanted.from, net::steady_now());
  changed();
}

void ControlLines::taken() {
  lines_.taken();
  room_.set();
  changed();
}

void ControlLines::hold() {
  lines_.hold();
}

void ControlLines::release() {
  lines_.release(net::steady_now());
  changed();
}

void ControlLines::changed() {
  idle_.reset();
  changed_.set();
}

net::Task<> ControlLines::delivered() {
  co_await idle_.wait();
  co_await channel_.input_delivered();
}

net::Task<> ControlLines::room() {
  while (!lines_.has_room()) {
    room_.reset();
    co_await room_.wait();
  }
}

net::Task<> ControlLines::run() {
  while (true) {
    lines_.tick(net::steady_now());
    if (lines_.has_given_up()) on_given_up_();
    std::optional<std::string> message = lines_.poll_message(net::steady_now());
    if (!message) {
      idle_.set();
      changed_.reset();
      co_await changed_.wait_until(lines_.deadline().value_or(Instant::max()));
      continue;
    }
    const Result<> sent = co_await channel_.send_input(to_bytes(*message));
    if (!sent) {
      idle_.set();
      co_return;
    }
  }
}

InputFeed::InputFeed(net::Loop& loop, ControlLines& lines) : loop_(loop), lines_(lines), closed_(loop) {}

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
    co_await lines_.room();
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
      lines_.send_end_of_input();
      co_return Result<>();
    }
    lines_.send_chunk(chunk);
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

#include "feature/exec_output.hpp"

#include <algorithm>
#include <utility>

namespace ferry::feature {

Bytes TerminalLineEnds::feed(BytesView bytes) {
  Bytes text;
  text.reserve(bytes.size() + 1);
  for (const std::uint8_t byte : bytes) {
    if (std::exchange(carriage_return_held_, false) && byte != '\n') text.push_back('\r');
    carriage_return_held_ = byte == '\r';
    if (!carriage_return_held_) text.push_back(byte);
  }
  return text;
}

Bytes TerminalLineEnds::finish() {
  return std::exchange(carriage_return_held_, false) ? Bytes{'\r'} : Bytes{};
}

ExecOutput::ExecOutput(net::Loop& loop, const ExecOptions& options, std::function<void()> on_room,
                       std::function<void(Failure)> on_failure, std::function<void()> on_excess)
    : loop_(loop),
      on_room_(std::move(on_room)),
      on_failure_(std::move(on_failure)),
      on_excess_(std::move(on_excess)),
      capture_room_(options.capture_limit),
      written_(loop) {
  open(output_, options.standard_output, options.capture);
  open(error_, options.standard_error, options.capture);
}

void ExecOutput::open(Channel& channel, const OutputSink& sink, bool capture) {
  if (capture) {
    channel.captured.emplace();
  } else if (const int* fd = std::get_if<int>(&sink)) {
    channel.stream.emplace(loop_, *fd, [this] {
      if (!is_full()) on_room_();
    });
    ++open_streams_;
  } else if (std::string* const* text = std::get_if<std::string*>(&sink)) {
    channel.text = *text;
  } else {
    channel.function = std::get<std::function<void(BytesView)>>(sink);
  }
}

void ExecOutput::start(net::TaskGroup& group) {
  if (output_.stream) group.spawn(write(output_, "standard output"));
  if (error_.stream) group.spawn(write(error_, "standard error"));
}

net::Task<> ExecOutput::write(Channel& channel, std::string_view name) {
  const Result<> written = co_await channel.stream->run();
  if (!written) {
    channel.is_gone = true;
    on_failure_(written.error().in(name));
    on_room_();
  }
  if (--open_streams_ == 0) written_.set();
}

ExecOutput::Channel& ExecOutput::channel(wire::OutputStreamKind kind) {
  return kind == wire::OutputStreamKind::standard_output ? output_ : error_;
}

void ExecOutput::put(wire::OutputStreamKind kind, BytesView bytes) {
  Channel& to = channel(kind);
  if (bytes.empty() || is_finished_ || to.is_gone) return;
  if (to.captured) {
    const BytesView fitting = kept(bytes);
    to.captured->insert(to.captured->end(), fitting.begin(), fitting.end());
  } else if (to.text != nullptr) {
    to.text->append(as_text(kept(bytes)));
  } else if (to.stream) {
    to.stream->put(bytes);
  } else if (to.function) {
    to.function(bytes);
  }
}

BytesView ExecOutput::kept(BytesView bytes) {
  const BytesView fitting = bytes.first(std::min(bytes.size(), capture_room_));
  capture_room_ -= fitting.size();
  if (fitting.size() < bytes.size() && on_excess_) std::exchange(on_excess_, nullptr)();
  return fitting;
}

bool ExecOutput::is_full() const {
  const auto full = [](const Channel& channel) {
    return channel.stream && !channel.is_gone && channel.stream->is_full();
  };
  return full(output_) || full(error_);
}

void ExecOutput::between_lines(std::function<void()> speak) {
  if (error_.stream) {
    error_.stream->between_lines(std::move(speak));
  } else {
    speak();
  }
}

void ExecOutput::end_line() {
  if (error_.stream) error_.stream->end_line();
}

void ExecOutput::finish() {
  is_finished_ = true;
  if (output_.stream) output_.stream->finish();
  if (error_.stream) error_.stream->finish();
  if (open_streams_ == 0) written_.set();
}

std::optional<Bytes> ExecOutput::take(wire::OutputStreamKind kind) {
  return std::exchange(channel(kind).captured, std::nullopt);
}

}  // namespace ferry::feature

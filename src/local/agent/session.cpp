#include "local/agent/session.hpp"

#include "local/agent/session_command.hpp"
#include "local/agent/utf8_border.hpp"
#include "net/clock.hpp"
#include "sys/pty.hpp"
#include "sys/random.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace ferry::local {

namespace {

constexpr std::size_t max_piece_bytes = 1024;  // of output in one message, as agents send it
constexpr std::size_t read_ahead_bytes = 8192;

wire::AgentSessionSettings channel_settings(const std::string& id, const SessionRequest& request) {
  wire::AgentSessionSettings settings;
  settings.session_id = id;
  settings.handshake_session_type = handshake_session_type(request);
  settings.kms_key_id = request.kms_key_id;
  settings.random_bytes = sys::random_bytes;
  settings.stamp.new_uuid = [] { return wire::uuid_from_random(sys::random_bytes(16)); };
  settings.stamp.wall_offset = net::wall_now().time_since_epoch() - net::steady_now().time_since_epoch();
  return settings;
}

// Death by a signal is -1 there, as the agent's own run-time says it.
int exit_code_told(ExitStatus status) {
  constexpr int first_signal_code = 128;
  return status.code > first_signal_code ? -1 : status.code;
}

}  // namespace

Session::Session(net::Loop& loop, std::string id, SessionRequest request, Container& container,
                 const SessionLimits& limits, const SessionMeans& means)
    : loop_(loop),
      id_(std::move(id)),
      request_(std::move(request)),
      container_(&container),
      limits_(limits),
      means_(means),
      channel_(channel_settings(id_, request_)),
      last_activity_(net::steady_now()),
      may_begin_(loop),
      has_begun_(loop),
      had_client_(loop),
      has_room_(loop),
      has_input_(loop),
      has_changed_(loop),
      is_finished_(loop),
      streams_(loop),
      tasks_(loop) {
  renew_token();
  if (handshake_session_type(request_).empty()) may_begin_.set();
  if (means_.logs != nullptr && !request_.log_group.empty())
    transcript_ = Transcript::open(*means_.logs, request_.log_group, id_, means_.notice);
}

net::Task<> Session::run(Self self) {
  self->tasks_.spawn(run_command(self));
  self->tasks_.spawn(handle_events(self));
  self->tasks_.spawn(drive_channel(self));
  self->tasks_.spawn(watch_idleness(self));
  co_await self->is_finished_.wait();
  self->end({});
  self->tasks_.cancel();
  co_await self->tasks_.join();
  co_await self->streams_.join();
  self->finish_transcript();
  self->terminal_.reset();
  self->command_.reset();
  self->is_command_over_ = true;
  self->has_begun_.set();
  self->close_connections();
  while (!self->connections_.empty()) {
    self->has_changed_.reset();
    co_await self->has_changed_.wait();
  }
}

net::Task<> Session::run_command(Self self) {
  co_await self->may_begin_.wait();
  const Result<> begun = co_await begin(self);
  self->container_ = nullptr;
  self->has_begun_.set();
  if (begun) {
    co_await self->streams_.join();
    self->finish_transcript();
    // The end of its terminal is the end of the session, also where the command has only let go of it.
    ExitStatus status;
    if (!self->terminal_) status = co_await self->command_->process->wait();
    if (!self->is_ending_) co_await report_end(self, status);
  } else {
    co_await report_failure(self, begun.error());
  }
  self->is_command_over_ = true;
  self->has_changed_.set();
}

net::Task<Result<>> Session::begin(Self self) {
  const Result<std::vector<std::string>> argv = session_argv(self->request_);
  if (!argv) co_return fail(argv.error());
  if (self->is_ending_) co_return fail(FailureCode::cancelled, "the session has ended");
  if (self->is_container_ending_) co_return fail(FailureCode::cancelled, "the container has ended");
  Result<Container::Exec> command =
      co_await self->container_->exec(*argv, {}, has_terminal(self->request_.kind));
  if (!command) co_return fail(std::move(command.error()));
  self->command_ = std::move(*command);
  const ExecStreams& streams = self->command_->streams;
  if (streams.terminal.valid()) {
    self->terminal_.emplace(self->loop_, streams.terminal.get());
    self->streams_.spawn(keep_output(self, wire::OutputKind::output, streams.terminal.get()));
    co_return Result<>();
  }
  const auto second =
      self->request_.separate_output ? wire::OutputKind::standard_error : wire::OutputKind::output;
  self->streams_.spawn(keep_output(self, wire::OutputKind::output, streams.output.get()));
  self->streams_.spawn(keep_output(self, second, streams.error.get()));
  co_return Result<>();
}

net::Task<> Session::report_end(Self self, ExitStatus status) {
  // Not before the handshake, where there is one: a client that comes later gets the whole course.
  co_await wait_for_room(self);
  if (self->request_.kind == SessionRequest::Kind::non_interactive_commands && self->request_.separate_output)
    self->channel_.send_exit_code(exit_code_told(status), net::steady_now());
  self->channel_.close({}, net::steady_now());
}

net::Task<> Session::report_failure(Self self, Failure failure) {
  if (!has_terminal(self->request_.kind) && failure.code != FailureCode::usage) {
    co_await wait_for_room(self);
    // In this order.
    if (self->request_.separate_output) self->channel_.send_exit_code(1, net::steady_now());
    const Bytes text = to_bytes(failure.what);
    co_await send_output(self, wire::OutputKind::standard_error, text);
  }
  self->channel_.close(begin_failure_text(self->request_, failure), net::steady_now());
}

net::Task<> Session::keep_output(Self self, wire::OutputKind kind, int descriptor) {
  net::Descriptor from(self->loop_, descriptor);
  Bytes waiting;
  while (true) {
    co_await wait_for_room(self);
    const Result<Bytes> bytes = co_await from.read_some(read_ahead_bytes);
    const bool is_end = !bytes || bytes->empty();
    if (!is_end) {
      waiting.insert(waiting.end(), bytes->begin(), bytes->end());
      if (self->transcript_) self->transcript_->write(*bytes);
    }
    // Clients show each message as it comes: a character in two of them would be spoilt.
    const std::size_t count = is_end ? waiting.size() : up_to_unfinished_character(waiting);
    co_await send_output(self, kind, BytesView(waiting).first(count));
    if (is_end) co_return;
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

net::Task<> Session::send_output(Self self, wire::OutputKind kind, BytesView bytes) {
  while (!bytes.empty()) {
    co_await wait_for_room(self);
    BytesView piece = bytes.first(std::min(bytes.size(), max_piece_bytes));
    const std::size_t whole = up_to_unfinished_character(piece);
    if (whole > 0) piece = piece.first(whole);
    const std::size_t taken = self->channel_.send_output(kind, piece, net::steady_now());
    bytes = bytes.subspan(taken);
    self->last_activity_ = net::steady_now();
    self->has_changed_.set();
  }
}

net::Task<> Session::wait_for_room(Self self) {
  while (!self->channel_.has_room()) {
    self->has_room_.reset();
    co_await self->has_room_.wait();
  }
}

net::Task<> Session::handle_events(Self self) {
  while (true) {
    self->has_input_.reset();
    while (std::optional<wire::AgentEvent> event = self->channel_.poll_event(net::steady_now())) {
      co_await handle_event(self, std::move(*event));
      self->last_activity_ = net::steady_now();
      self->has_changed_.set();
    }
    self->has_changed_.set();
    co_await self->has_input_.wait();
  }
}

// A flag means nothing here, as in the stock agent; the ends show in is_over().
net::Task<> Session::handle_event(Self self, wire::AgentEvent event) {
  if (const auto* wanted = std::get_if<wire::agent_event::KeyWanted>(&event)) {
    self->channel_.provide_key(self->decrypt_key(wanted->encrypted_data_key), net::steady_now());
  } else if (std::holds_alternative<wire::agent_event::Ready>(event)) {
    self->may_begin_.set();
  } else if (auto* input = std::get_if<wire::agent_event::Input>(&event)) {
    co_await self->has_begun_.wait();
    co_await handle_input(self, std::move(input->bytes));
  } else if (const auto* resized = std::get_if<wire::agent_event::Resized>(&event)) {
    co_await self->has_begun_.wait();
    if (self->terminal_) self->resize(resized->size);
  }
}

Result<Bytes> Session::decrypt_key(BytesView encrypted) const {
  if (means_.keys == nullptr) return fail(FailureCode::refused, "there is no key service here");
  const EncryptionContext context = {{"aws:ssm:SessionId", id_}, {"aws:ssm:TargetId", request_.target}};
  auto opened = means_.keys->decrypt(encrypted, context);
  if (!opened) return fail(std::move(opened.error()));
  if (opened->key_arn != means_.keys->key_arn(request_.kms_key_id))
    return fail(FailureCode::refused, "the data key is not one of " + request_.kms_key_id);
  return std::move(opened->plaintext);
}

void Session::finish_transcript() {
  if (transcript_) transcript_->finish();
}

net::Task<> Session::handle_input(Self self, Bytes bytes) {
  if (self->terminal_) {
    // A failure means that nobody reads any more: the command's end is told by its output's end.
    [[maybe_unused]] const Result<> written = co_await self->terminal_->write(bytes);
    co_return;
  }
  if (!self->command_) co_return;
  constexpr std::uint8_t interrupt = 0x03, quit = 0x1c;
  for (const std::uint8_t byte : bytes) {
    if (byte == interrupt) self->command_->process->signal(SIGINT);
    if (byte == quit) self->command_->process->signal(SIGQUIT);
  }
}

net::Task<> Session::watch_idleness(Self self) {
  const Instant first_deadline = self->last_activity_ + self->limits_.first_client_timeout;
  const bool had_client = co_await self->had_client_.wait_until(first_deadline);
  while (had_client) {
    const Instant deadline = self->last_activity_ + self->limits_.idle_timeout;
    if (deadline <= net::steady_now()) break;
    co_await net::sleep_until(self->loop_, deadline);
  }
  self->end("Your session timed out due to inactivity.");
}

void Session::resize(wire::TerminalSize size) {
  sys::set_window_size(command_->streams.terminal.get(), size.columns, size.rows);
}

void Session::kill_command() {
  if (command_) command_->process->signal(SIGKILL);
}

void Session::begin_no_more() {
  is_container_ending_ = true;
  may_begin_.set();
}

void Session::end(std::string output) {
  if (is_ending_) return;
  is_ending_ = true;
  may_begin_.set();
  kill_command();
  streams_.cancel();
  channel_.close(std::move(output), net::steady_now());
  // Nobody is there to be told.
  if (!client_) is_finished_.set();
  has_changed_.set();
}

}  // namespace ferry::local

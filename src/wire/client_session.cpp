#include "wire/client_session.hpp"

#include "wire/handshake_payloads.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ferry::wire {

namespace {

// Whether this client can do what the agent asks for, and if not, why: the agent shows the text to nobody but
// its log and the session's failure, so it must stand alone.
ProcessedAction process(const RequestedAction& action) {
  if (action.type == action_type::session_type) {
    const bool is_known = action.session_type == session_type::standard_stream ||
                          action.session_type == session_type::interactive_commands ||
                          action.session_type == session_type::non_interactive_commands;
    if (is_known) return {.type = action.type, .status = ActionStatus::success, .error = {}};
    return {.type = action.type,
            .status = ActionStatus::failed,
            .error = fmt::format("Unknown session type {}", action.session_type)};
  }
  if (action.type == action_type::kms_encryption) {
    return {.type = action.type,
            .status = ActionStatus::failed,
            .error =
                "this client cannot encrypt a session with a KMS key: remove kmsKeyId from the cluster's "
                "executeCommandConfiguration"};
  }
  return {.type = action.type,
          .status = ActionStatus::unsupported,
          .error = fmt::format("Unsupported action {}", action.type)};
}

}  // namespace

ClientSession::ClientSession(ClientSessionSettings settings)
    : settings_(std::move(settings)),
      channel_(message_type::input_stream_data, settings_.stamp, settings_.limits),
      client_id_(uuid_text(settings_.stamp.new_uuid())) {
  channel_.suspend();
}

void ClientSession::connect(std::string_view token_value, Instant now) {
  const OpenDataChannel open{.request_id = uuid_text(settings_.stamp.new_uuid()),
                             .token_value = std::string(token_value),
                             .client_id = client_id_,
                             .client_version = std::string(client_version)};
  opening_ = Frame{.is_text = true, .payload = to_bytes(to_json(open))};
  is_connected_ = true;
  channel_.resume(now);
}

void ClientSession::disconnect() {
  is_connected_ = false;
  opening_.reset();
  channel_.suspend();
}

Result<> ClientSession::receive(BytesView bytes, Instant now) {
  if (is_over_) return {};
  auto message = decode(bytes, DigestCheck::verify);
  if (!message) return fail(message.error());
  if (message->type == message_type::output_stream_data) {
    if (message->sequence_number < 0) {
      return fail(FailureCode::protocol, "a session message has a negative sequence number");
    }
    channel_.receive(std::move(*message));
  } else if (message->type == message_type::acknowledge) {
    const auto acknowledge = parse_acknowledge(message->payload);
    if (!acknowledge) return fail(acknowledge.error());
    channel_.receive_acknowledge(*acknowledge, now);
  } else if (message->type == message_type::channel_closed) {
    auto closed = parse_channel_closed(message->payload);
    if (!closed) return fail(closed.error());
    closed_ = std::move(*closed);
  }
  // Other types, start_publication and pause_publication among them, mean nothing to a client.
  return {};
}

void ClientSession::tick(Instant now) {
  channel_.tick(now);
}

std::size_t ClientSession::send_input(BytesView bytes, Instant now) {
  if (!is_ready_ || is_over_) return 0;
  flush_size(now);
  std::size_t taken = 0;
  while (taken < bytes.size() && channel_.has_room()) {
    const BytesView piece = bytes.subspan(taken, std::min(bytes.size() - taken, max_stream_payload_bytes));
    channel_.send(PayloadType::output, Bytes(piece.begin(), piece.end()), now);
    taken += piece.size();
  }
  return taken;
}

void ClientSession::assume_ready() {
  if (is_ready_ || is_handshake_open_) return;
  is_assumed_ = true;
  become_ready();
}

void ClientSession::send_size(TerminalSize size) {
  waiting_size_ = size;
}

std::optional<Frame> ClientSession::poll_frame(Instant now) {
  if (!is_connected_ || is_over_) return std::nullopt;
  if (opening_) return std::exchange(opening_, std::nullopt);
  flush_size(now);
  std::optional<Bytes> bytes = channel_.poll_frame(now);
  if (!bytes) return std::nullopt;
  return Frame{.is_text = false, .payload = std::move(*bytes)};
}

std::optional<ClientEvent> ClientSession::poll_event(Instant now) {
  while (events_.empty() && !is_over_) {
    std::optional<AgentMessage> message = channel_.take();
    if (message) {
      handle(std::move(*message), now);
    } else if (closed_) {
      is_over_ = true;
      events_.emplace_back(
          client_event::Closed{.output = closed_->output, .lost_messages = channel_.waiting_behind_gap()});
    } else if (channel_.is_lost()) {
      fail_with(
          {.code = FailureCode::lost,
           .what = fmt::format("session {} is lost: the container stopped answering", settings_.session_id),
           .hint = "the command may still be running",
           .service_code = {}});
    } else {
      return std::nullopt;
    }
  }
  if (events_.empty()) return std::nullopt;
  ClientEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::optional<Instant> ClientSession::deadline() const {
  return is_over_ ? std::nullopt : channel_.deadline();
}

void ClientSession::handle(AgentMessage message, Instant now) {
  switch (message.payload_type) {
    case PayloadType::output:
    case PayloadType::standard_error:
      return handle_output(std::move(message));
    case PayloadType::handshake_request:
      return answer_handshake(message, now);
    case PayloadType::handshake_complete:
      return complete_handshake(message);
    case PayloadType::exit_code: {
      const auto exit_code = parse_exit_code(message.payload);
      if (!exit_code) return fail_with(exit_code.error());
      events_.emplace_back(client_event::ExitCode{*exit_code});
      return;
    }
    default:
      return;  // acknowledged and ignored, as stock clients do
  }
}

void ClientSession::handle_output(AgentMessage message) {
  if (!is_handshake_open_) become_ready();
  is_assumed_ = false;
  if (message.payload.empty()) return;
  events_.emplace_back(
      client_event::Output{.is_standard_error = message.payload_type == PayloadType::standard_error,
                           .bytes = std::move(message.payload)});
}

void ClientSession::answer_handshake(const AgentMessage& message, Instant now) {
  if (std::exchange(is_assumed_, false)) is_ready_ = false;
  if (is_ready_ || is_handshake_open_) return;  // an agent takes one response only
  const auto request = parse_handshake_request(message.payload);
  if (!request) return fail_with(request.error());
  HandshakeResponse response{.client_version = std::string(client_version), .actions = {}};
  for (const RequestedAction& action : request->actions) response.actions.push_back(process(action));
  channel_.send(PayloadType::handshake_response, to_bytes(to_json(response)), now);
  is_handshake_open_ = true;
}

void ClientSession::complete_handshake(const AgentMessage& message) {
  const auto complete = parse_handshake_complete(message.payload);
  if (!complete) return fail_with(complete.error());
  is_handshake_open_ = false;
  if (!complete->customer_message.empty()) {
    events_.emplace_back(client_event::CustomerMessage{complete->customer_message});
  }
  become_ready();
}

void ClientSession::become_ready() {
  if (std::exchange(is_ready_, true)) return;
  events_.emplace_back(client_event::Ready{});
}

void ClientSession::flush_size(Instant now) {
  if (!waiting_size_ || !is_ready_ || !channel_.has_room()) return;
  channel_.send(PayloadType::size, to_bytes(to_json(*waiting_size_)), now);
  waiting_size_.reset();
}

void ClientSession::fail_with(Failure failure) {
  is_over_ = true;
  events_.emplace_back(client_event::Failed{std::move(failure)});
}

}  // namespace ferry::wire

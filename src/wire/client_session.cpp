#include "wire/client_session.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ferry::wire {

namespace {

ProcessedAction done(const RequestedAction& action) {
  return {.type = action.type, .status = ActionStatus::success, .error = {}, .encrypted_data_key = {}};
}

ProcessedAction not_done(const RequestedAction& action, ActionStatus status, std::string error) {
  return {.type = action.type, .status = status, .error = std::move(error), .encrypted_data_key = {}};
}

// Whether this client can do what the agent asks for, and if not, why: the agent shows the text to nobody but
// its log and the session's failure, so it must stand alone.
ProcessedAction process(const RequestedAction& action) {
  if (action.type == action_type::session_type) {
    const bool is_known = action.session_type == session_type::standard_stream ||
                          action.session_type == session_type::interactive_commands ||
                          action.session_type == session_type::non_interactive_commands;
    if (is_known) return done(action);
    return not_done(action, ActionStatus::failed,
                    fmt::format("Unknown session type {}", action.session_type));
  }
  if (action.type == action_type::kms_encryption) {
    return not_done(action, ActionStatus::failed,
                    "this client cannot encrypt a session with a KMS key: remove kmsKeyId from the cluster's "
                    "executeCommandConfiguration");
  }
  return not_done(action, ActionStatus::unsupported, fmt::format("Unsupported action {}", action.type));
}

Failure protocol_failure(std::string what) {
  return {.code = FailureCode::protocol, .what = std::move(what), .hint = {}, .service_code = {}};
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
    std::optional<Bytes> payload = encrypted(piece);
    if (!payload) break;
    channel_.send(PayloadType::output, std::move(*payload), now);
    taken += piece.size();
  }
  return taken;
}

void ClientSession::assume_ready() {
  if (is_ready_ || is_handshake_open_) return;
  is_assumed_ = true;
  become_ready();
}

void ClientSession::provide_key(DataKey key, Instant now) {
  if (response_ && !is_over_) {
    Result<SessionCipher> cipher = SessionCipher::make(SessionRole::client, key.plaintext);
    if (cipher) {
      cipher_ = std::move(*cipher);
      std::ranges::find(response_->actions, action_type::kms_encryption, &ProcessedAction::type)
          ->encrypted_data_key = std::move(key.ciphertext);
      send_response(now);
    } else {
      refuse_key(cipher.error().line(), now);
    }
  }
  wipe(key.plaintext);
}

void ClientSession::refuse_key(std::string reason, Instant now) {
  if (!response_ || is_over_) return;
  ProcessedAction& action =
      *std::ranges::find(response_->actions, action_type::kms_encryption, &ProcessedAction::type);
  action.status = ActionStatus::failed;
  action.error = std::move(reason);
  send_response(now);
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
    case PayloadType::encryption_challenge_request:
      return answer_challenge(message, now);
    case PayloadType::exit_code:
      return handle_exit_code(std::move(message));
    default:
      return;  // acknowledged and ignored, as stock clients do
  }
}

void ClientSession::handle_output(AgentMessage message) {
  std::optional<Bytes> bytes = decrypted(std::move(message.payload));
  if (!bytes) return;
  if (!is_handshake_open_) become_ready();
  is_assumed_ = false;
  if (bytes->empty()) return;
  events_.emplace_back(client_event::Output{
      .is_standard_error = message.payload_type == PayloadType::standard_error, .bytes = std::move(*bytes)});
}

void ClientSession::handle_exit_code(AgentMessage message) {
  const std::optional<Bytes> text = decrypted(std::move(message.payload));
  if (!text) return;
  const auto exit_code = parse_exit_code(*text);
  if (!exit_code) return fail_with(exit_code.error());
  events_.emplace_back(client_event::ExitCode{*exit_code});
}

void ClientSession::answer_handshake(const AgentMessage& message, Instant now) {
  if (std::exchange(is_assumed_, false)) is_ready_ = false;
  if (is_ready_ || is_handshake_open_) return;  // an agent takes one response only
  const auto request = parse_handshake_request(message.payload);
  if (!request) return fail_with(request.error());
  is_handshake_open_ = true;
  response_ = HandshakeResponse{.client_version = std::string(client_version), .actions = {}};
  bool is_key_wanted = false;
  for (const RequestedAction& action : request->actions) {
    const bool asks_for_key =
        action.type == action_type::kms_encryption && settings_.new_nonce != nullptr && !is_key_wanted;
    if (asks_for_key) {
      is_key_wanted = true;
      events_.emplace_back(client_event::KeyWanted{action.kms_key_id});
      response_->actions.push_back(done(action));
    } else {
      response_->actions.push_back(process(action));
    }
  }
  if (!is_key_wanted) send_response(now);
}

void ClientSession::send_response(Instant now) {
  channel_.send(PayloadType::handshake_response, to_bytes(to_json(*response_)), now);
  response_.reset();
}

void ClientSession::answer_challenge(const AgentMessage& message, Instant now) {
  if (!cipher_ || !is_handshake_open_) {
    return fail_with(protocol_failure("an encryption challenge came outside of an encrypted handshake"));
  }
  const auto challenge = parse_encryption_challenge(message.payload);
  if (!challenge) return fail_with(challenge.error());
  const std::optional<Bytes> plaintext = decrypted(challenge->ciphertext);
  if (!plaintext) return;
  std::optional<Bytes> answer = encrypted(*plaintext);
  if (!answer) return;
  channel_.send(PayloadType::encryption_challenge_response,
                to_bytes(to_json(EncryptionChallenge{std::move(*answer)})), now);
}

void ClientSession::complete_handshake(const AgentMessage& message) {
  const auto complete = parse_handshake_complete(message.payload);
  if (!complete) return fail_with(complete.error());
  if (response_) return fail_with(protocol_failure("the handshake ended before it had the key it asked for"));
  is_handshake_open_ = false;
  if (!complete->customer_message.empty()) {
    events_.emplace_back(client_event::CustomerMessage{complete->customer_message});
  }
  become_ready();
}

std::optional<Bytes> ClientSession::decrypted(Bytes payload) {
  if (response_) {
    fail_with(protocol_failure("output came before the session had the key that encrypts it"));
    return std::nullopt;
  }
  if (!cipher_) return payload;
  Result<Bytes> plaintext = cipher_->open(payload);
  if (plaintext) return std::move(*plaintext);
  fail_with(std::move(plaintext.error()));
  return std::nullopt;
}

std::optional<Bytes> ClientSession::encrypted(BytesView plaintext) {
  if (!cipher_) return Bytes(plaintext.begin(), plaintext.end());
  Result<Bytes> ciphertext = cipher_->seal(plaintext, settings_.new_nonce());
  if (ciphertext) return std::move(*ciphertext);
  fail_with(std::move(ciphertext.error()));
  return std::nullopt;
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

#include "wire/agent_session.hpp"

#include "wire/handshake_payloads.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

namespace ferry::wire {

AgentSession::AgentSession(AgentSessionSettings settings)
    : settings_(std::move(settings)),
      channel_(message_type::output_stream_data, settings_.stamp, settings_.limits) {
  channel_.suspend();
}

void AgentSession::connect(Instant now) {
  is_connected_ = true;
  channel_.resume(now);
  // Time-outs that ran while nobody was there begin anew.
  handshake_deadline_ = now + settings_.handshake_timeout;
  close_deadline_ = now + settings_.close_timeout;
  if (phase_ != Phase::unconnected) return;
  if (settings_.handshake_session_type.empty()) {
    phase_ = Phase::open;
    events_.emplace_back(agent_event::Ready{});
    return;
  }
  start_handshake(now);
}

void AgentSession::start_handshake(Instant now) {
  phase_ = Phase::handshaking;
  handshake_started_ = now;
  HandshakeRequest request{.agent_version = settings_.agent_version, .actions = {}};
  RequestedAction session_type;
  session_type.type = action_type::session_type;
  session_type.session_type = settings_.handshake_session_type;
  request.actions.push_back(std::move(session_type));
  if (!settings_.kms_key_id.empty()) {
    constexpr std::size_t request_challenge_bytes = 16;
    RequestedAction encryption;
    encryption.type = action_type::kms_encryption;
    encryption.kms_key_id = settings_.kms_key_id;
    encryption.kms_challenge = base64(settings_.random_bytes(request_challenge_bytes));
    request.actions.push_back(std::move(encryption));
  }
  channel_.send(PayloadType::handshake_request, to_bytes(to_json(request)), now);
}

void AgentSession::disconnect() {
  is_connected_ = false;
  channel_.suspend();
}

Result<> AgentSession::receive(BytesView bytes, Instant now) {
  if (phase_ == Phase::over) return {};
  auto message = decode(bytes, DigestCheck::ignore);
  if (!message) return fail(message.error());
  const bool is_input = message->type == message_type::input_stream_data;
  const bool is_acknowledge = message->type == message_type::acknowledge;
  if (message->type == message_type::pause_publication) channel_.suspend();
  // Whoever sends something is there to receive.
  const bool is_start = message->type == message_type::start_publication;
  if (channel_.is_suspended() && (is_input || is_acknowledge || is_start)) channel_.resume(now);
  // A slow client is waited for.
  close_deadline_ = now + settings_.close_timeout;
  if (is_input) {
    if (message->sequence_number < 0) {
      return fail(FailureCode::protocol, "a session message has a negative sequence number");
    }
    channel_.receive(std::move(*message));
  } else if (is_acknowledge) {
    const auto acknowledge = parse_acknowledge(message->payload);
    if (!acknowledge) return fail(acknowledge.error());
    channel_.receive_acknowledge(*acknowledge, now);
  }
  return {};
}

void AgentSession::tick(Instant now) {
  if (!is_connected_ || phase_ == Phase::over) return;
  channel_.tick(now);
  if (waits_for_answer() && now >= handshake_deadline_) {
    refuse(
        "Handshake timed out. Please ensure that you have the latest version of the session manager plugin.",
        now);
  } else if (phase_ == Phase::closing && !channel_.has_unsent() && now >= close_deadline_) {
    is_close_due_ = true;
  }
}

std::size_t AgentSession::send_output(OutputKind kind, BytesView bytes, Instant now) {
  if (phase_ != Phase::open) return 0;
  const PayloadType type = kind == OutputKind::output ? PayloadType::output : PayloadType::standard_error;
  std::size_t taken = 0;
  while (taken < bytes.size() && channel_.has_room()) {
    const BytesView piece = bytes.subspan(taken, std::min(bytes.size() - taken, max_stream_payload_bytes));
    send_data(type, piece, now);
    taken += piece.size();
  }
  return taken;
}

void AgentSession::send_exit_code(int exit_code, Instant now) {
  if (phase_ != Phase::open) return;
  send_data(PayloadType::exit_code, as_bytes(exit_code_text(exit_code)), now);
}

void AgentSession::close(std::string output, Instant now) {
  if (phase_ == Phase::closing || phase_ == Phase::over) return;
  phase_ = Phase::closing;
  close_output_ = std::move(output);
  close_deadline_ = now + settings_.close_timeout;
}

std::optional<Frame> AgentSession::poll_frame(Instant now) {
  if (!is_connected_) return std::nullopt;
  if (phase_ == Phase::over) return std::exchange(closing_frame_, std::nullopt);
  if (std::optional<Bytes> bytes = channel_.poll_frame(now)) {
    return Frame{.is_text = false, .payload = std::move(*bytes)};
  }
  const std::size_t unacknowledged = channel_.unacknowledged();
  if (phase_ != Phase::closing || (unacknowledged > 0 && !is_close_due_)) return std::nullopt;
  phase_ = Phase::over;
  events_.emplace_back(agent_event::Closed{.unacknowledged = unacknowledged});
  return channel_closed(close_output_, now);
}

std::optional<AgentEvent> AgentSession::poll_event(Instant now) {
  while (events_.empty() && phase_ != Phase::over) {
    std::optional<AgentMessage> message = channel_.take();
    if (message) {
      handle(std::move(*message), now);
    } else if (channel_.is_lost()) {
      fail_with(
          {.code = FailureCode::lost,
           .what = fmt::format("session {} is lost: its client stopped answering", settings_.session_id),
           .hint = {},
           .service_code = {}});
    } else {
      return std::nullopt;
    }
  }
  if (events_.empty()) return std::nullopt;
  AgentEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::optional<Instant> AgentSession::deadline() const {
  if (!is_connected_ || phase_ == Phase::over) return std::nullopt;
  std::optional<Instant> earliest = channel_.deadline();
  const auto consider = [&](Instant deadline) { earliest = std::min(earliest.value_or(deadline), deadline); };
  if (waits_for_answer()) consider(handshake_deadline_);
  if (phase_ == Phase::closing && !is_close_due_ && !channel_.has_unsent()) consider(close_deadline_);
  return earliest;
}

void AgentSession::handle(AgentMessage message, Instant now) {
  // What comes too early is acknowledged and dropped, as by the stock agent: the client is told not to.
  if (phase_ == Phase::handshaking && message.payload_type == PayloadType::handshake_response)
    return handle_handshake_response(message, now);
  if (phase_ == Phase::challenging && message.payload_type == PayloadType::encryption_challenge_response)
    return handle_challenge_response(message, now);
  if (phase_ != Phase::open) return;
  switch (message.payload_type) {
    case PayloadType::output:
      return handle_input(std::move(message.payload));
    case PayloadType::size: {
      const auto size = parse_terminal_size(message.payload);
      if (!size) return fail_with(size.error());
      events_.emplace_back(agent_event::Resized{*size});
      return;
    }
    case PayloadType::flag: {
      const auto flag = parse_flag(message.payload);
      if (!flag) return fail_with(flag.error());
      events_.emplace_back(agent_event::FlagReceived{*flag});
      return;
    }
    default:
      return;  // acknowledged and ignored, as the stock agent does
  }
}

void AgentSession::handle_input(Bytes payload) {
  if (cipher_) {
    auto opened = cipher_->open(payload);
    if (!opened) return fail_with(opened.error());
    payload = std::move(*opened);
  }
  if (!payload.empty()) events_.emplace_back(agent_event::Input{std::move(payload)});
}

void AgentSession::handle_handshake_response(const AgentMessage& message, Instant now) {
  const auto response = parse_handshake_response(message.payload);
  if (!response) return refuse(response.error().what, now);
  Bytes encrypted_data_key;
  for (const ProcessedAction& action : response->actions) {
    if (action.type == action_type::kms_encryption) encrypted_data_key = action.encrypted_data_key;
    if (action.status == ActionStatus::success) continue;
    return refuse(
        fmt::format("Encountered error while initiating handshake. {} failed on client with status {} "
                    "error: {}",
                    action.type, std::to_underlying(action.status), action.error),
        now);
  }
  client_version_ = response->client_version;
  if (settings_.kms_key_id.empty()) return complete_handshake(now);
  if (encrypted_data_key.empty()) {
    return refuse("Encountered error while initiating handshake. The client sent no data key for encryption.",
                  now);
  }
  phase_ = Phase::keying;
  events_.emplace_back(agent_event::KeyWanted{std::move(encrypted_data_key)});
}

void AgentSession::provide_key(Result<Bytes> data_key, Instant now) {
  if (phase_ != Phase::keying) return;
  auto cipher =
      data_key ? SessionCipher::make(SessionRole::agent, *data_key) : fail(std::move(data_key.error()));
  if (!cipher) {
    return refuse(
        "Encountered error while initiating handshake. Fetching data key failed: " + cipher.error().what,
        now);
  }
  cipher_ = std::move(*cipher);
  const Bytes first_nonce = settings_.random_bytes(next_nonce_.size());
  assert(first_nonce.size() == next_nonce_.size());
  std::ranges::copy(first_nonce, next_nonce_.begin());
  challenge_ = settings_.random_bytes(encryption_challenge_bytes);
  auto sealed = seal(challenge_);
  if (!sealed) return refuse(sealed.error().what, now);
  channel_.send(PayloadType::encryption_challenge_request,
                to_bytes(to_json(EncryptionChallenge{.ciphertext = std::move(*sealed)})), now);
  phase_ = Phase::challenging;
  handshake_deadline_ = now + settings_.handshake_timeout;
}

void AgentSession::handle_challenge_response(const AgentMessage& message, Instant now) {
  const auto answer = parse_encryption_challenge(message.payload);
  const Result<Bytes> opened = answer ? cipher_->open(answer->ciphertext) : fail(answer.error());
  if (!opened || !equal_in_constant_time(as_text(*opened), as_text(challenge_))) {
    return refuse("Encountered error while initiating handshake. Encryption challenge does not match.", now);
  }
  challenge_.clear();
  complete_handshake(now);
}

void AgentSession::complete_handshake(Instant now) {
  constexpr std::string_view encrypted_message = "This session is encrypted using AWS KMS.";
  HandshakeComplete complete{.time_to_complete = now - handshake_started_,
                             .customer_message = settings_.customer_message};
  if (cipher_) complete.customer_message += encrypted_message;
  channel_.send(PayloadType::handshake_complete, to_bytes(to_json(complete)), now);
  phase_ = Phase::open;
  events_.emplace_back(agent_event::Ready{.client_version = std::move(client_version_)});
}

void AgentSession::send_data(PayloadType type, BytesView bytes, Instant now) {
  if (!cipher_) return channel_.send(type, Bytes(bytes.begin(), bytes.end()), now);
  auto sealed = seal(bytes);
  if (!sealed) return fail_with(sealed.error());
  channel_.send(type, std::move(*sealed), now);
}

// Nonces count up from a random start: none is used twice.
Result<Bytes> AgentSession::seal(BytesView bytes) {
  const Nonce nonce = next_nonce_;
  for (std::uint8_t& digit : next_nonce_)
    if (++digit != 0) break;
  return cipher_->seal(bytes, nonce);
}

void AgentSession::fail_with(Failure failure) {
  phase_ = Phase::over;
  events_.emplace_back(agent_event::Failed{std::move(failure)});
}

void AgentSession::refuse(std::string reason, Instant now) {
  closing_frame_ = channel_closed(reason, now);
  fail_with({.code = FailureCode::refused, .what = std::move(reason), .hint = {}, .service_code = {}});
}

Frame AgentSession::channel_closed(const std::string& output, Instant now) const {
  const Uuid id = settings_.stamp.new_uuid();
  const WallTime created = settings_.stamp.wall_time(now);
  const ChannelClosed closed{.message_id = id,
                             .created = created,
                             .destination_id = {},
                             .session_id = settings_.session_id,
                             .output = valid_utf8(output)};
  return {.is_text = false,
          .payload = encode({.type = std::string(message_type::channel_closed),
                             .schema_version = 1,
                             .created = created,
                             .sequence_number = 0,
                             .flags = 0,
                             .id = id,
                             .payload_type = PayloadType::none,
                             .payload = to_bytes(to_json(closed))})};
}

}  // namespace ferry::wire

#include "wire/reliable_channel.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace ferry::wire {

namespace {

// Acknowledgements that may wait to be written; beyond that the peer sends its message once more.
constexpr std::size_t max_waiting_acknowledges = 10'000;

// Stock clients never acknowledge a message twice: where their one acknowledgement was lost, so many copies
// that surely arrived must do. On an ordered connection one would be enough.
constexpr int copies_that_prove_delivery = 12;

}  // namespace

ReliableChannel::ReliableChannel(std::string_view send_type, MessageStamp stamp, ChannelLimits limits)
    : send_type_(send_type), stamp_(std::move(stamp)), limits_(limits) {}

bool ReliableChannel::has_room() const {
  const auto waiting = std::ranges::count_if(outgoing_, &Outgoing::is_unsent);
  return std::cmp_less(waiting, limits_.send_queue) && outgoing_.size() < limits_.max_unacknowledged;
}

bool ReliableChannel::has_unsent() const {
  return std::ranges::any_of(outgoing_, &Outgoing::is_unsent);
}

void ReliableChannel::send(PayloadType payload_type, Bytes payload, Instant now) {
  Outgoing outgoing;
  outgoing.sequence_number = next_to_send_++;
  // Agents mark their first message; clients never mark one. No receiver looks.
  const bool is_first_of_agent =
      outgoing.sequence_number == 0 && send_type_ == message_type::output_stream_data;
  outgoing.frame = encode({.type = send_type_,
                           .schema_version = 1,
                           .created = stamp_.wall_time(now),
                           .sequence_number = outgoing.sequence_number,
                           .flags = is_first_of_agent ? message_flag::syn : 0,
                           .id = stamp_.new_uuid(),
                           .payload_type = payload_type,
                           .payload = std::move(payload)});
  outgoing_.push_back(std::move(outgoing));
}

void ReliableChannel::receive(AgentMessage message) {
  const std::int64_t sequence_number = message.sequence_number;
  const auto known = incoming_.find(sequence_number);
  const bool was_acknowledged =
      sequence_number < next_to_take_ || (known != incoming_.end() && known->second.is_acknowledged);
  if (was_acknowledged && limits_.acknowledge_duplicates) acknowledge(message);
  if (sequence_number < next_to_take_ || known != incoming_.end()) return;

  if (sequence_number - next_to_take_ >= limits_.receive_buffer) return;
  const bool fits = incoming_bytes_ + message.payload.size() <= limits_.receive_buffer_bytes;
  if (!fits && sequence_number != next_to_take_) return;

  const bool is_early = sequence_number > received_up_to_;
  if (is_early) acknowledge(message);
  incoming_bytes_ += message.payload.size();
  incoming_.emplace(sequence_number, Incoming{.message = std::move(message), .is_acknowledged = is_early});
  while (incoming_.contains(received_up_to_)) ++received_up_to_;
}

std::optional<AgentMessage> ReliableChannel::take() {
  const auto next = incoming_.find(next_to_take_);
  if (next == incoming_.end()) return std::nullopt;
  if (!next->second.is_acknowledged) acknowledge(next->second.message);
  AgentMessage message = std::move(next->second.message);
  incoming_.erase(next);
  incoming_bytes_ -= message.payload.size();
  ++next_to_take_;
  return message;
}

void ReliableChannel::receive_acknowledge(const Acknowledge& acknowledge, Instant now) {
  const auto found =
      std::ranges::lower_bound(outgoing_, acknowledge.sequence_number, {}, &Outgoing::sequence_number);
  if (found == outgoing_.end() || found->sequence_number != acknowledge.sequence_number) return;
  if (found->is_unsent()) return;
  if (found->transmissions == 1) {
    round_trip_.sample(std::max(now - found->first_sent, milliseconds(0)));
  } else {
    round_trip_.backed_off_to(round_trip_.wait(found->back_off));
  }
  const std::uint64_t ordinal = found->first_ordinal;
  outgoing_.erase(found);
  confirm_earlier_than(ordinal);
}

// The peer has something whose first copy left after these: on an ordered connection it has these too.
void ReliableChannel::confirm_earlier_than(std::uint64_t ordinal) {
  for (Outgoing& outgoing : outgoing_) {
    const bool left_before = !outgoing.is_unsent() && outgoing.last_ordinal < ordinal;
    if (!left_before || outgoing.is_last_copy_confirmed) continue;
    outgoing.is_last_copy_confirmed = true;
    ++outgoing.confirmed_copies;
  }
  std::erase_if(outgoing_, [](const Outgoing& outgoing) {
    return outgoing.confirmed_copies >= copies_that_prove_delivery;
  });
}

std::optional<Bytes> ReliableChannel::poll_frame(Instant now) {
  if (!acknowledges_.empty()) {
    Bytes frame = acknowledge_frame(acknowledges_.front(), now);
    acknowledges_.pop_front();
    return frame;
  }
  if (is_suspended_ || is_lost_) return std::nullopt;
  const auto due = std::ranges::find_if(outgoing_, &Outgoing::is_due);
  if (due != outgoing_.end() && !due->is_unsent()) {
    transmitted(*due, now);
    return due->frame;
  }
  const auto fresh = std::ranges::find_if(outgoing_, &Outgoing::is_unsent);
  if (fresh == outgoing_.end() || !window_is_open()) return std::nullopt;
  if (fresh->sequence_number - outgoing_.front().sequence_number >= limits_.max_send_span)
    return std::nullopt;
  transmitted(*fresh, now);
  return fresh->frame;
}

// Lost acknowledgements must not close the window for ever: what seems delivered no longer fills it, nor what
// left on an earlier connection, whose acknowledgements a cut may have taken all at once.
bool ReliableChannel::window_is_open() const {
  const auto on_their_way = std::ranges::count_if(outgoing_, [](const Outgoing& outgoing) {
    return !outgoing.is_unsent() && !outgoing.seems_delivered() && !outgoing.is_of_earlier_connection;
  });
  return std::cmp_less(on_their_way, limits_.send_window);
}

void ReliableChannel::transmitted(Outgoing& outgoing, Instant now) {
  outgoing.is_due = false;
  outgoing.last_ordinal = ++transmissions_;
  outgoing.is_last_copy_confirmed = false;
  outgoing.resend_at = now + round_trip_.wait(outgoing.back_off);
  if (outgoing.transmissions++ > 0) return;
  outgoing.first_ordinal = outgoing.last_ordinal;
  outgoing.first_sent = now;
}

void ReliableChannel::tick(Instant now) {
  if (is_suspended_ || is_lost_) return;
  const auto is_given_up = [&](const Outgoing& outgoing) {
    return !outgoing.is_unsent() && now - outgoing.first_sent >= limits_.give_up_after;
  };
  is_lost_ = std::ranges::any_of(outgoing_, [&](const Outgoing& outgoing) {
    return is_given_up(outgoing) && !outgoing.seems_delivered();
  });
  std::erase_if(outgoing_, is_given_up);
  for (Outgoing& outgoing : outgoing_) {
    if (outgoing.is_unsent() || outgoing.is_due || outgoing.resend_at > now) continue;
    outgoing.is_due = true;
    ++outgoing.back_off;
  }
}

std::optional<Instant> ReliableChannel::deadline() const {
  if (is_suspended_ || is_lost_) return std::nullopt;
  std::optional<Instant> earliest;
  for (const Outgoing& outgoing : outgoing_) {
    if (outgoing.is_unsent()) continue;
    Instant next = outgoing.first_sent + limits_.give_up_after;
    if (!outgoing.is_due) next = std::min(next, outgoing.resend_at);
    earliest = earliest ? std::min(*earliest, next) : next;
  }
  return earliest;
}

void ReliableChannel::suspend() {
  is_suspended_ = true;
}

void ReliableChannel::resume(Instant now) {
  is_suspended_ = false;
  for (Outgoing& outgoing : outgoing_) {
    outgoing.is_due = true;
    outgoing.back_off = 0;
    if (outgoing.is_unsent()) continue;
    outgoing.first_sent = now;
    outgoing.is_of_earlier_connection = true;
  }
}

std::size_t ReliableChannel::waiting_behind_gap() const {
  return static_cast<std::size_t>(std::distance(incoming_.lower_bound(received_up_to_), incoming_.end()));
}

void ReliableChannel::acknowledge(const AgentMessage& message) {
  if (acknowledges_.size() >= max_waiting_acknowledges) return;
  acknowledges_.push_back(
      {.message_type = message.type, .message_id = message.id, .sequence_number = message.sequence_number});
}

Bytes ReliableChannel::acknowledge_frame(const Acknowledge& acknowledge, Instant now) const {
  return encode({.type = std::string(message_type::acknowledge),
                 .schema_version = 1,
                 .created = stamp_.wall_time(now),
                 .sequence_number = 0,
                 .flags = message_flag::syn | message_flag::fin,
                 .id = stamp_.new_uuid(),
                 .payload_type = PayloadType::none,
                 .payload = to_bytes(to_json(acknowledge))});
}

}  // namespace ferry::wire

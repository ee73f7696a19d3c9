// One end of the reliable stream inside a session, the same for client and agent: numbers what is sent,
// resends it until it is acknowledged, and hands on what is received once and in order.
//
// Owns the messages that are not yet acknowledged and those that came early; bounded by ChannelLimits. Reads
// no clock and no socket: time comes with each call, and the owner drains poll_frame() and take() after each.
// Not thread-safe. docs/protocol.md ("The reliable stream") is normative.
#pragma once

#include "base/text.hpp"
#include "base/time.hpp"
#include "wire/agent_message.hpp"
#include "wire/round_trip.hpp"
#include "wire/session_payloads.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::wire {

struct ChannelLimits {
  std::size_t send_window = 64;           // messages on their way at once
  std::size_t send_queue = 64;            // messages that wait for the window
  std::size_t max_unacknowledged = 1024;  // on their way, waiting, or with a lost acknowledgement
  std::int64_t max_send_span = 8192;      // newest minus oldest on its way: peers buffer 10,000
  std::int64_t receive_buffer = 10'000;   // messages received but not yet taken
  std::size_t receive_buffer_bytes = 16U << 20U;
  milliseconds give_up_after{300'000};  // from a message's first transmission
  bool acknowledge_duplicates = true;   // stock clients do not: simulations switch it off
};

// Where the marks of a new message come from.
struct MessageStamp {
  UuidSource new_uuid;
  milliseconds wall_offset{0};  // what to add to an Instant's count to get milliseconds since 1970

  [[nodiscard]] WallTime wall_time(Instant now) const {
    return WallTime(now.time_since_epoch() + wall_offset);
  }
};

class ReliableChannel {
 public:
  // `send_type` is the message type of what this end sends.
  ReliableChannel(std::string_view send_type, MessageStamp stamp, ChannelLimits limits);

  // Whether data should be queued now. The few messages that steer a session may be sent all the same.
  [[nodiscard]] bool has_room() const;
  // Numbers and queues one message; at most max_message_bytes less the header.
  void send(PayloadType payload_type, Bytes payload, Instant now);

  // A stream message from the peer: kept until taken, or dropped as a duplicate or beyond the buffer. Early
  // ones are acknowledged at once, those in order when they are taken: an owner that does not take pushes
  // back.
  void receive(AgentMessage message);
  // The next message in order.
  std::optional<AgentMessage> take();
  void receive_acknowledge(const Acknowledge& acknowledge, Instant now);

  // The next websocket message to write. A message is registered before its first byte leaves, so that no
  // acknowledgement can come too early.
  std::optional<Bytes> poll_frame(Instant now);
  // Makes resends due, and gives up on what was never acknowledged: see is_lost().
  void tick(Instant now);
  // When tick() next has something to do.
  [[nodiscard]] std::optional<Instant> deadline() const;

  // While suspended nothing but acknowledgements leaves and no time-out runs.
  void suspend();
  // Lets everything that is not acknowledged leave again, with fresh time-outs: also after a reconnect.
  void resume(Instant now);
  [[nodiscard]] bool is_suspended() const { return is_suspended_; }

  // A message stayed without acknowledgement for give_up_after, with no sign that it arrived.
  [[nodiscard]] bool is_lost() const { return is_lost_; }
  [[nodiscard]] std::size_t unacknowledged() const { return outgoing_.size(); }
  // Whether something has not left even once.
  [[nodiscard]] bool has_unsent() const;
  // Payload bytes that were received and not yet taken.
  [[nodiscard]] std::size_t kept_bytes() const { return incoming_bytes_; }
  // Messages that came early and wait for one that is missing.
  [[nodiscard]] std::size_t waiting_behind_gap() const;

 private:
  struct Outgoing {
    std::int64_t sequence_number = 0;
    Bytes frame;
    int transmissions = 0;
    int back_off = 0;                                   // doublings of the resend interval
    std::uint64_t first_ordinal = 0, last_ordinal = 0;  // of its transmissions among all
    Instant first_sent, resend_at;
    bool is_due = true;        // to be written as soon as the window allows
    int confirmed_copies = 0;  // transmissions after which something sent later was acknowledged
    bool is_last_copy_confirmed = false;
    bool is_of_earlier_connection = false;  // its acknowledgement may be lost with that connection

    [[nodiscard]] bool is_unsent() const { return transmissions == 0; }
    // Sent again, and both copies were overtaken by an acknowledgement: it is the answer that was lost.
    [[nodiscard]] bool seems_delivered() const { return confirmed_copies >= 2; }
  };
  struct Incoming {
    AgentMessage message;
    bool is_acknowledged = false;
  };

  [[nodiscard]] bool window_is_open() const;
  void confirm_earlier_than(std::uint64_t ordinal);
  void transmitted(Outgoing& outgoing, Instant now);
  void acknowledge(const AgentMessage& message);
  Bytes acknowledge_frame(const Acknowledge& acknowledge, Instant now) const;

  std::string send_type_;
  MessageStamp stamp_;
  ChannelLimits limits_;
  RoundTrip round_trip_;

  std::deque<Outgoing> outgoing_;  // by sequence number
  std::int64_t next_to_send_ = 0;
  std::uint64_t transmissions_ = 0;

  std::map<std::int64_t, Incoming> incoming_;
  std::size_t incoming_bytes_ = 0;
  std::int64_t next_to_take_ = 0;
  std::int64_t received_up_to_ = 0;  // all before it have arrived
  std::deque<Acknowledge> acknowledges_;

  bool is_suspended_ = false;
  bool is_lost_ = false;
};

}  // namespace ferry::wire

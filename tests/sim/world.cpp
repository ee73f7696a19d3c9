#include "world.hpp"

#include "wire/handshake_payloads.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>

namespace ferry::sim {

namespace {

constexpr milliseconds longest_outage{3'000};
constexpr milliseconds longest_stall{2'000};

wire::UuidSource uuids(Random& random) {
  return [&random] { return wire::uuid_from_random(random.bytes(16)); };
}

wire::ChannelLimits limits(bool acknowledges_duplicates) {
  wire::ChannelLimits limits;
  limits.acknowledge_duplicates = acknowledges_duplicates;
  return limits;
}

wire::ClientSessionSettings client_settings(const Scenario& scenario, Random& random) {
  return {.session_id = "ferry-simulated",
          .stamp = {.new_uuid = uuids(random)},
          .limits = limits(scenario.client_acknowledges_duplicates)};
}

wire::AgentSessionSettings agent_settings(const Scenario& scenario, Random& random) {
  wire::AgentSessionSettings settings;
  settings.session_id = "ferry-simulated";
  if (scenario.has_handshake) settings.handshake_session_type = wire::session_type::interactive_commands;
  // The default of 15 s is for links that lose a handshake message once, not four times in a row.
  settings.handshake_timeout = milliseconds(300'000);
  settings.close_timeout = scenario.close_timeout;
  settings.stamp.new_uuid = uuids(random);
  settings.limits = limits(scenario.agent_acknowledges_duplicates);
  return settings;
}

bool is_channel_closed(const Bytes& bytes) {
  const auto message = wire::decode(bytes, wire::DigestCheck::ignore);
  return message && message->type == wire::message_type::channel_closed;
}

}  // namespace

World::World(Scenario scenario, Ends& ends)
    : scenario_(scenario),
      ends_(ends),
      random_(scenario.seed),
      client_(client_settings(scenario_, random_)),
      agent_(agent_settings(scenario_, random_)),
      to_agent_(random_, scenario.faults),
      to_client_(random_, scenario.faults) {}

void World::run(milliseconds longest) {
  connect();
  while (!is_over() && protocol_error.empty() && elapsed() < longest) {
    step();
    const std::optional<Instant> next = next_moment();
    if (!next) return;
    now_ = std::max(now_ + milliseconds(1), *next);
  }
}

bool World::is_over() const {
  if (ends_.is_client_done() || (scenario_.is_resume_refused && !is_connected_)) return true;
  const bool is_client_over = client_closed || client_failure;
  const bool is_agent_over = agent_closed || agent_failure;
  return is_client_over && is_agent_over;
}

void World::step() {
  if (next_cut_ && *next_cut_ <= now_) disconnect();
  if (next_connect_ && *next_connect_ <= now_) connect();
  if (!died_after && received_output_bytes >= scenario_.dead_after_output_bytes.value_or(SIZE_MAX)) {
    died_after = elapsed();
    to_agent_.set_faults({.drop = 100});
    to_client_.set_faults({.drop = 100});
  }
  client_.tick(now_);
  agent_.tick(now_);
  deliver();
  poll_client();
  poll_agent();
  ends_.write(client_, agent_, now_);
  move_frames();
  poll_agent();  // channel_closed is told after its frame
}

void World::connect() {
  next_connect_.reset();
  is_connected_ = true;
  ++connections;
  client_.connect("token", now_);
  agent_.connect(now_);
  if (connections <= scenario_.cuts) {
    next_cut_ =
        now_ +
        milliseconds(1 + random_.below(static_cast<std::uint64_t>(scenario_.longest_before_cut.count())));
  }
}

void World::disconnect() {
  next_cut_.reset();
  is_connected_ = false;
  client_.disconnect();
  agent_.disconnect();
  to_agent_.cut();
  to_client_.cut();
  if (!scenario_.is_resume_refused)
    next_connect_ = now_ + milliseconds(1 + random_.below(longest_outage.count()));
}

void World::deliver() {
  while (const auto bytes = to_agent_.receive(now_)) {
    const auto message = wire::decode(*bytes, wire::DigestCheck::ignore);
    const bool is_input = message && message->type == wire::message_type::input_stream_data;
    if (is_input && breaks_after_writing(*message)) {
      write_and_break(*message);
      return;
    }
    if (is_input) note_input(*message);
    if (const auto received = agent_.receive(*bytes, now_); !received) protocol_error = received.error().what;
    poll_agent();
  }
  while (const auto bytes = to_client_.receive(now_)) {
    if (const auto received = client_.receive(*bytes, now_); !received)
      protocol_error = received.error().what;
  }
}

void World::note_input(const wire::AgentMessage& message) {
  if (message.sequence_number >= next_input_)
    input_messages_.emplace(message.sequence_number, message.payload_type == wire::PayloadType::output);
  while (!input_messages_.empty() && input_messages_.begin()->first == next_input_) {
    if (input_messages_.begin()->second) ++inputs_in_order_;
    input_messages_.erase(input_messages_.begin());
    ++next_input_;
  }
}

// Only a message that the agent would write now: the next in order, and nothing before it is unwritten.
bool World::breaks_after_writing(const wire::AgentMessage& message) {
  const bool is_next = message.sequence_number == next_input_ &&
                       message.payload_type == wire::PayloadType::output &&
                       inputs_in_order_ == inputs_written_ && is_connected_ && !agent_.is_over();
  if (!is_next || message.sequence_number == last_written_twice_) return false;
  return inputs_written_ == scenario_.agent_breaks_at || random_.chance(scenario_.agent_breaks_percent);
}

void World::write_and_break(const wire::AgentMessage& message) {
  last_written_twice_ = message.sequence_number;
  ++written_twice;
  ends_.take_input(message.payload, now_);
  to_agent_.cut();
  to_client_.cut();
  agent_.disconnect();
  agent_.connect(now_);
}

void World::move_frames() {
  while (const auto frame = client_.poll_frame(now_)) {
    if (!frame->is_text) to_agent_.send(frame->payload, now_);
  }
  while (const auto frame = agent_.poll_frame(now_)) {
    if (is_channel_closed(frame->payload)) {
      next_cut_.reset();
      to_client_.send_last(frame->payload, now_);
    } else {
      to_client_.send(frame->payload, now_);
    }
  }
}

void World::poll_client() {
  while (const auto event = client_.poll_event(now_)) {
    if (const auto* data = std::get_if<wire::client_event::Output>(&*event)) {
      received_output_bytes += data->bytes.size();
      ends_.take_output(data->bytes, now_);
    }
    if (const auto* closed = std::get_if<wire::client_event::Closed>(&*event)) client_closed = *closed;
    if (const auto* failed = std::get_if<wire::client_event::Failed>(&*event)) {
      client_failure = failed->failure;
      client_failed_after = elapsed();
    }
  }
}

void World::poll_agent() {
  while (now_ >= agent_reads_again_ || agent_.is_over()) {
    const auto event = agent_.poll_event(now_);
    if (!event) return;
    if (const auto* closed = std::get_if<wire::agent_event::Closed>(&*event)) agent_closed = *closed;
    if (const auto* failed = std::get_if<wire::agent_event::Failed>(&*event)) {
      agent_failure = failed->failure;
      agent_failed_after = elapsed();
    }
    if (const auto* data = std::get_if<wire::agent_event::Input>(&*event)) {
      ++inputs_written_;
      ends_.take_input(data->bytes, now_);
      if (random_.chance(scenario_.agent_stalls_percent)) {
        agent_reads_again_ = now_ + milliseconds(random_.below(longest_stall.count()));
      }
    }
  }
}

std::optional<Instant> World::next_moment() const {
  std::optional<Instant> earliest;
  const auto consider = [&](std::optional<Instant> moment) {
    if (moment && (!earliest || *moment < *earliest)) earliest = moment;
  };
  consider(to_agent_.next_arrival());
  consider(to_client_.next_arrival());
  consider(client_.deadline());
  consider(agent_.deadline());
  consider(next_cut_);
  consider(next_connect_);
  consider(ends_.deadline());
  if (agent_reads_again_ > now_) consider(agent_reads_again_);
  return earliest;
}

}  // namespace ferry::sim

// One session into a container: its command, the agent's side of its data channel, and the client that is
// there at the moment, if one is.
//
// Owns the command's process and terminal and the websocket connections. Bounded: 8 KiB a stream are read
// ahead of the send window; while that is full, or no client is there to empty it, the command is not read.
// The loop's thread only. Coroutines share it.
#pragma once

#include "base/result.hpp"
#include "local/agent/session_registry.hpp"
#include "local/runtime/container_runtime.hpp"
#include "net/descriptor.hpp"
#include "net/loop.hpp"
#include "net/websocket.hpp"
#include "wire/agent_session.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ferry::local {

class Session {
 public:
  Session(net::Loop& loop, std::string id, SessionRequest request, Container& container,
          const SessionLimits& limits, const SessionMeans& means);

  // Its whole life, from the command's start until nothing is left of it.
  static net::Task<> run(std::shared_ptr<Session> self);
  // A client's connection, until it ends. The client must show the token.
  static net::Task<> serve(std::shared_ptr<Session> self, net::WebSocket socket);

  // From now on only this token opens the session; a client that is there stays until the next one comes.
  std::string renew_token();
  // Whether it takes one of the container's places: not any more once its client is told of its end, who may
  // ask for the place at once.
  [[nodiscard]] bool is_occupied() const {
    return !channel_.is_over() && (!is_command_over_ || client_ != nullptr);
  }

  // Kills the command; the client gets what it wrote, then channel_closed.
  void kill_command();
  // A command that waits for its handshake is not started any more.
  void begin_no_more();
  // The container may go once this is done.
  net::Task<> wait_until_begun() { return has_begun_.wait(); }
  // Kills the command and closes the channel: the client gets what is on its way, then `output`.
  void end(std::string output);
  // Leaves the client without a word.
  void abandon() { is_finished_.set(); }

 private:
  struct Connection;
  class Attachment;
  using Self = std::shared_ptr<Session>;

  // The coroutines of a session: the command's life, the client's input, the frames and time-outs of the
  // channel, and the clock that ends idle sessions.
  static net::Task<> run_command(Self self);
  static net::Task<> handle_events(Self self);
  static net::Task<> drive_channel(Self self);
  static net::Task<> watch_idleness(Self self);
  static net::Task<> close_without_token(Self self, std::shared_ptr<Connection> connection);

  static net::Task<Result<>> begin(Self self);
  static net::Task<> report_end(Self self, ExitStatus status);
  static net::Task<> report_failure(Self self, Failure failure);
  static net::Task<> keep_output(Self self, wire::OutputKind kind, int descriptor);
  static net::Task<> send_output(Self self, wire::OutputKind kind, BytesView bytes);
  static net::Task<> wait_for_room(Self self);
  static net::Task<> handle_event(Self self, wire::AgentEvent event);
  static net::Task<> handle_input(Self self, Bytes bytes);
  static net::Task<> send_messages(Self self, std::shared_ptr<Connection> connection,
                                   std::vector<net::WebSocketMessage> messages);
  static net::Task<> linger(Self self);

  bool open_with(const net::WebSocketMessage& first, const std::shared_ptr<Connection>& connection);
  // What may be written now, in order.
  std::vector<net::WebSocketMessage> due_messages();
  void detach(const std::shared_ptr<Connection>& connection);
  void close_connections();
  void resize(wire::TerminalSize size);
  // The session's key out of the client's, as KMS gives it to the agent.
  [[nodiscard]] Result<Bytes> decrypt_key(BytesView encrypted) const;
  void finish_transcript();

  net::Loop& loop_;
  std::string id_;
  SessionRequest request_;
  Container* container_;  // until has_begun_
  SessionLimits limits_;
  const SessionMeans& means_;
  std::string token_;  // good for one client; empty once it has been shown
  wire::AgentSession channel_;
  std::optional<Transcript> transcript_;

  std::optional<Container::Exec> command_;
  std::optional<net::Descriptor> terminal_;
  bool is_container_ending_ = false;
  bool is_ending_ = false;
  bool is_command_over_ = false;
  Instant last_activity_;

  std::set<std::shared_ptr<Connection>> connections_;
  std::shared_ptr<Connection> client_;  // the one of them that showed the token

  net::Event may_begin_;  // the handshake is done, or everything is over
  net::Event has_begun_;  // the command runs, or never will
  net::Event had_client_;
  net::Event has_room_;     // for output
  net::Event has_input_;    // there may be an event of the channel
  net::Event has_changed_;  // there may be a frame to send, or the client came or went
  net::Event is_finished_;
  net::TaskGroup streams_;  // what reads the command's output
  net::TaskGroup tasks_;
};

}  // namespace ferry::local

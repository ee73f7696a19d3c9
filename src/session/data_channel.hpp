// A session with a container over its data channel: the client role of wire/ on a real websocket, which is
// connected again with a fresh token when it breaks.
// Owns the websocket and its timers; bounded by wire's limits. The loop's thread only. Join run() and every
// send_input() before destroying it.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"
#include "net/network.hpp"
#include "net/task.hpp"
#include "session/dialler.hpp"
#include "wire/session_cipher.hpp"
#include "wire/session_payloads.hpp"

#include <functional>
#include <memory>
#include <string>

namespace ferry::session {

using TerminalSize = wire::TerminalSize;

// What a session needs from the services around it. They are called on the loop's thread, each by itself, and
// end with run().
struct Services {
  // A fresh token after the connection broke, and where to connect with it (ResumeSession). Failure `lost`:
  // the session is over; any other is tried again within bounds. Empty: a broken connection ends the session.
  std::function<net::Task<Result<Renewal>>()> renew_token;
  // A key for an encrypted session (KMS GenerateDataKey). Empty: encryption is refused.
  std::function<net::Task<Result<wire::DataKey>>(std::string key_id)> generate_key;
  ChannelDoor door;
};

enum class StreamKind { output, standard_error };  // payload types 1 and 11

// What the session tells, in order, on the loop's thread. They must not block; to push back, see pause().
// They may call the channel, but not destroy it. Those that are not wanted may be left empty.
struct Listener {
  // The agent takes input from now on: a handshake is complete, or output came without one.
  std::function<void()> on_ready;
  std::function<void(StreamKind, BytesView)> on_data;
  std::function<void(int)> on_exit_code;  // payload type 12, NonInteractiveCommands only
  std::function<void(const std::string&)> on_customer_message;  // HandshakeComplete
  // The connection broke and is being resumed, why; and it is there again.
  std::function<void(const Failure&)> on_connection_lost;
  std::function<void()> on_connection_resumed;
  // Told once: connections are opened unsigned, for want of credentials, and why there are none.
  std::function<void(const Failure&)> on_unsigned;
};

struct Closed {
  std::string output;  // channel_closed's Output: empty for an orderly end
};

class DataChannel {
 public:
  DataChannel(net::Loop& loop, const net::Network& network, Address address, Services services,
              Listener listener, ConnectionTimes times = {});
  ~DataChannel();
  DataChannel(const DataChannel&) = delete;
  DataChannel& operator=(const DataChannel&) = delete;

  // Connects, opens the channel and serves it until channel_closed (the value), a lost connection that cannot
  // be resumed, a protocol failure, close(), or cancellation. Once. Failures name the session: unreachable,
  // denied and timed_out before it is open, or as generate_key failed; lost once it was; protocol; cancelled.
  net::Task<Result<Closed>> run();

  // Queues stdin bytes in order of the calls; waits before on_ready and while the window is full. Fails once
  // the session has ended.
  net::Task<Result<>> send_input(Bytes bytes);
  // Lets input go although the agent has said nothing: for commands that read before they write. What a slow
  // agent is not ready for is lost.
  void assume_ready();
  // Sent as soon as the agent takes input; until then the latest one wins.
  void send_size(TerminalSize size);
  // Until all input that was sent has been acknowledged, or the session has ended.
  net::Task<> input_delivered();
  // Leaves at once; run() answers `cancelled`.
  void close();
  // While paused nothing is told nor acknowledged. Up to 1 MiB is still received, so that a session that ends
  // meanwhile ends in order; then the peer is pushed back by TCP.
  void pause();
  void resume();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ferry::session

// An agent session with a hostile client: no crash, no endless work, and whatever it sends can be decoded.
#include "wire/agent_session.hpp"

#include "session_script.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace ferry;

void drain(wire::AgentSession& session, Instant now) {
  while (session.poll_event(now)) {
  }
  while (const auto frame = session.poll_frame(now)) {
    if (!wire::decode(frame->payload, wire::DigestCheck::verify)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  fuzz::SessionScript script(BytesView(data, size).subspan(1));
  wire::AgentSessionSettings settings;
  settings.session_id = "ferry-fuzz";
  if (data[0] % 2 == 1) settings.handshake_session_type = "InteractiveCommands";
  settings.stamp.new_uuid = fuzz::repeated_uuid();
  wire::AgentSession session(settings);
  session.connect(script.now());
  while (const auto message = script.next()) {
    session.tick(script.now());
    const auto received = session.receive(*message, script.now());
    if (!received && received.error().code != FailureCode::protocol) std::abort();
    drain(session, script.now());
    session.send_output(wire::OutputKind::output, as_bytes("output"), script.now());
    drain(session, script.now());
  }
  session.close("", script.now());
  drain(session, script.now());
  session.tick(script.now() + settings.close_timeout);
  drain(session, script.now() + settings.close_timeout);
  return 0;
}

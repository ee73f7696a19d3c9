// A client session with a hostile peer: no crash, no endless work, and whatever it sends can be decoded.
#include "wire/client_session.hpp"

#include "session_script.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace ferry;

void drain(wire::ClientSession& session, Instant now) {
  while (session.poll_event(now)) {
  }
  while (const auto frame = session.poll_frame(now)) {
    if (!frame->is_text && !wire::decode(frame->payload, wire::DigestCheck::verify)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::SessionScript script(BytesView(data, size));
  wire::ClientSession session(
      {.session_id = "ferry-fuzz", .stamp = {.new_uuid = fuzz::repeated_uuid()}, .limits = {}});
  session.connect("token", script.now());
  session.send_size({});
  while (const auto message = script.next()) {
    session.tick(script.now());
    const auto received = session.receive(*message, script.now());
    if (!received && received.error().code != FailureCode::protocol) std::abort();
    drain(session, script.now());
    session.send_input(as_bytes("input"), script.now());
    drain(session, script.now());
    if (session.is_over() && (session.deadline() || session.poll_frame(script.now()))) std::abort();
  }
  return 0;
}

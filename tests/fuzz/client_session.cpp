// A client session with a hostile peer: no crash, no endless work, and whatever it sends can be decoded. Half
// of the scripts get a data key where they ask for one.
#include "wire/client_session.hpp"

#include "session_script.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <variant>

namespace {

using namespace ferry;

void drain(wire::ClientSession& session, bool has_key, Instant now) {
  while (const auto event = session.poll_event(now)) {
    if (!std::holds_alternative<wire::client_event::KeyWanted>(*event)) continue;
    if (has_key) {
      session.provide_key({.plaintext = Bytes(wire::kDataKeyBytes), .ciphertext = {1}}, now);
    } else {
      session.refuse_key("no key", now);
    }
  }
  while (const auto frame = session.poll_frame(now)) {
    if (!frame->is_text && !wire::decode(frame->payload, wire::DigestCheck::verify)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool has_key = data[0] % 2 == 1;
  fuzz::SessionScript script(BytesView(data + 1, size - 1));
  wire::ClientSession session({.session_id = "ferry-fuzz",
                               .stamp = {.new_uuid = fuzz::repeated_uuid()},
                               .limits = {},
                               .new_nonce = [] { return wire::Nonce{}; }});
  session.connect("token", script.now());
  session.send_size({});
  while (const auto message = script.next()) {
    session.tick(script.now());
    const auto received = session.receive(*message, script.now());
    if (!received && received.error().code != FailureCode::protocol) std::abort();
    drain(session, has_key, script.now());
    session.send_input(as_bytes("input"), script.now());
    drain(session, has_key, script.now());
    if (session.is_over() && (session.deadline() || session.poll_frame(script.now()))) std::abort();
  }
  return 0;
}

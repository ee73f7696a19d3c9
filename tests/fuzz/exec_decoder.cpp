// The frame decoder on any bytes, cut anywhere: however they are cut, the same comes out.
#include "wire/exec_decoder.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

constexpr std::string_view kNonce = "0123456789abcdefe";

struct Decoded {
  std::string output, error;
  std::size_t other_events = 0;
  std::optional<int> exit_code;
  bool operator==(const Decoded&) const = default;
};

void drain(ferry::wire::ExecDecoder& decoder, Decoded& decoded) {
  while (const auto event = decoder.poll_event()) {
    if (const auto* output = std::get_if<ferry::wire::exec_event::Output>(&*event)) {
      const bool is_error = output->stream == ferry::wire::OutputStreamKind::standard_error;
      (is_error ? decoded.error : decoded.output) += ferry::as_text(output->bytes);
    } else if (const auto* ended = std::get_if<ferry::wire::exec_event::Ended>(&*event)) {
      decoded.exit_code = ended->exit_code;
    } else {
      ++decoded.other_events;
    }
  }
}

Decoded decode(ferry::BytesView bytes, std::size_t piece, bool exact) {
  ferry::wire::ExecDecoder decoder(kNonce, exact);
  Decoded decoded;
  while (!bytes.empty()) {
    const std::size_t size = bytes.size() < piece ? bytes.size() : piece;
    decoder.feed(bytes.first(size));
    drain(decoder, decoded);
    bytes = bytes.subspan(size);
  }
  decoder.finish();
  drain(decoder, decoded);
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bool exact = size > 0 && data[0] == 'x';
  // Begun, so that the fuzzer need not find that; N stands for the nonce, so that frames are met.
  std::string text =
      "\x1e"
      "ferry1r\x1e\x1e"
      "0123456789abcdef+sbq:\x1e";
  for (std::size_t at = 0; at < size; ++at) {
    if (data[at] == 'N') {
      text +=
          "\x1e"
          "0123456789abcdef";
    } else {
      text += static_cast<char>(data[at]);
    }
  }
  const Decoded whole = decode(ferry::as_bytes(text), text.size(), exact);
  const bool is_sound = whole == decode(ferry::as_bytes(text), 1, exact) &&
                        whole == decode(ferry::as_bytes(text), 3, exact) &&
                        (!whole.exit_code || (*whole.exit_code >= 0 && *whole.exit_code <= 255));
  if (!is_sound) std::abort();
  return 0;
}

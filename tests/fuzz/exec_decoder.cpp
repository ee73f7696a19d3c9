// The frame decoder on any bytes, cut anywhere: however they are cut, the same comes out.
#include "wire/exec_decoder.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

struct Decoded {
  std::string output;
  std::optional<int> exit_code;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view nonce, ferry::BytesView bytes, std::size_t piece) {
  ferry::wire::ExecDecoder decoder(nonce);
  Decoded decoded;
  while (!bytes.empty()) {
    const std::size_t size = bytes.size() < piece ? bytes.size() : piece;
    decoded.output += ferry::as_text(decoder.feed(bytes.first(size)));
    bytes = bytes.subspan(size);
  }
  decoded.output += ferry::as_text(decoder.finish());
  decoded.exit_code = decoder.exit_code();
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ferry::BytesView bytes(data, size);
  // A short nonce, so that frames are met.
  const Decoded whole = decode("n", bytes, size + 1);
  const bool is_sound = whole == decode("n", bytes, 1) && whole == decode("n", bytes, 3) &&
                        whole.output.size() <= size &&
                        (!whole.exit_code || (*whole.exit_code >= 0 && *whole.exit_code <= 255));
  if (!is_sound) std::abort();
  return 0;
}

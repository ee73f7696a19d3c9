// Any bytes as a session message: what decodes encodes to the same message again.
#include "wire/agent_message.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ferry::wire;
  const ferry::BytesView bytes(data, size);
  const auto message = decode(bytes, DigestCheck::ignore);
  if (!message) return 0;
  const bool is_only_a_header =
      message->type == message_type::start_publication || message->type == message_type::pause_publication;
  const auto again = decode(encode(*message), DigestCheck::verify);
  // A message that is only a header may lack the date that every other must have.
  if (!is_only_a_header && (!again || *again != *message)) std::abort();
  return 0;
}

// ExecuteCommand's response on any text: refused with a line that quotes nothing of it, or a whole session.
#include "feature/exec_response.hpp"

#include "base/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto session = ferry::feature::parse_exec_response(ferry::as_text({data, size}));
  if (!session) {
    if (!session.error().what.starts_with("the response ")) std::abort();
    return 0;
  }
  if (session->session_id.empty() || session->stream_url.empty() || session->token_value.empty())
    std::abort();
  return 0;
}

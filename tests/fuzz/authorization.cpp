// The Authorization header and a whole request on any text: nothing that was not signed is accepted.
#include "base/text.hpp"
#include "wire/sigv4.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace sigv4 = ferry::wire::sigv4;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(ferry::as_text({data, size}));
  const auto parsed = sigv4::parse_authorization(text);
  if (parsed && (parsed->access_key_id.empty() || parsed->signed_headers.empty())) std::abort();
  if (!parsed && parsed.error().detail.empty()) std::abort();

  const sigv4::Identity identity{.access_key_id = "AK", .secret_access_key = "secret", .session_token = {}};
  const ferry::WallTime now{ferry::seconds(1'440'938'160)};  // 20150830T123600Z
  const sigv4::Headers forged{{"Host", "h"}, {"X-Amz-Date", "20150830T123600Z"}, {"Authorization", text}};
  if (sigv4::verify({.method = "POST", .target = "/", .headers = forged, .body = ""}, identity, now))
    std::abort();

  // What we sign ourselves is accepted, whatever it is made of.
  sigv4::Headers headers{{"Host", "h"}, {"X-Other", text}};
  const sigv4::Request request{.method = "POST", .target = text, .headers = headers, .body = text};
  const sigv4::Headers added = sigv4::sign(request, identity, {.region = "r", .service = "s"}, now);
  headers.insert(headers.end(), added.begin(), added.end());
  if (!sigv4::verify(request, identity, now)) std::abort();
  return 0;
}

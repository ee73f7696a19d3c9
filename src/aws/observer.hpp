// Who is told how ferry comes to reach AWS: where settings and credentials come from, and what is asked of
// whom. Nothing that it is told holds a secret key, a token, a header or a body. This one keeps it to itself.
#pragma once

#include "base/time.hpp"

#include <string>
#include <string_view>

namespace ferry::aws {

// One request that was sent, or could not be.
struct Attempt {
  std::string_view service, operation;
  int number = 1;  // of this call
  int status = 0;  // of HTTP; 0: there was no answer
  milliseconds duration{0};
  std::string_view request_id;  // as the service named it; may be empty
  std::string_view failure;     // the service's name for it, or why there was no answer; may be empty
};

class Observer {
 public:
  Observer() = default;
  virtual ~Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  // "region", "us-east-1", "AWS_REGION"
  virtual void setting(std::string_view /*name*/, std::string_view /*value*/, std::string_view /*origin*/) {}
  // A source of credentials by its method ("sso"), and what came of it: where they are, or why it has none.
  virtual void source(std::string_view /*method*/, std::string_view /*finding*/) {}
  virtual void attempt(const Attempt& /*attempt*/) {}
  // A file that keys or a login were taken from, and that others than its owner can read or change.
  virtual void open_file(std::string_view /*path*/) {}
};

}  // namespace ferry::aws

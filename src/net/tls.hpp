// What a TLS connection trusts. Verification cannot be switched off.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>

namespace ferry::net {

// A client context: TLS 1.2 or newer, host names verified, SNI sent.
// Made once and shared by all connections of a process, and by its copies; the loop's thread only.
class TlsTrust {
 public:
  // An empty `bundle_file` means the system's authorities: the hashed directory, else the bundle file. Reads
  // nothing and never fails: the first connection over TLS reads (Context::read() in tls_context.hpp).
  static Result<TlsTrust> load(const std::string& bundle_file);

  struct Context;
  [[nodiscard]] Context& context() const { return *context_; }

 private:
  explicit TlsTrust(std::shared_ptr<Context> context);
  std::shared_ptr<Context> context_;
};

}  // namespace ferry::net

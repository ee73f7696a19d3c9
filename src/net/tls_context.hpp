// The inside of TlsTrust, for the files of net/ that speak TLS.
#pragma once

#include "net/tls.hpp"

#include <boost/asio/ssl/context.hpp>

namespace ferry::net {

struct TlsTrust::Context {
  // Reads the authorities where that was not done: some 40 ms for a large bundle. Failure usage: the bundle
  // cannot be read, or holds no certificate.
  Result<> read();

  boost::asio::ssl::context ssl{boost::asio::ssl::context::tls_client};
  std::string bundle_file;
  bool is_read = false;
};

}  // namespace ferry::net

// The inside of TlsTrust, for the files of net/ that speak TLS.
#pragma once

#include "net/tls.hpp"

#include <boost/asio/ssl/context.hpp>

namespace ferry::net {

struct TlsTrust::Context {
  boost::asio::ssl::context ssl{boost::asio::ssl::context::tls_client};
};

}  // namespace ferry::net

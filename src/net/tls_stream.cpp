#include "net/tls_stream.hpp"

#include "net/tls_context.hpp"

#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace ferry::net {
namespace {

// What to try where a certificate is refused for this reason.
std::string certificate_hint(long verdict, std::string_view peer) {
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("it belongs to another host: check the {}'s name", peer);
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("check this machine's clock; if that is right, the {} needs a new certificate",
                         peer);
    default:
      return "name the file of the authority that signed it in AWS_CA_BUNDLE or the profile's ca_bundle, or "
             "install ca-certificates";
  }
}

Failure failed_handshake(const error_code& error, std::string_view peer) {
  Failure failure{.code = FailureCode::unreachable,
                  .what = fmt::format("TLS handshake failed: {}", error.message()),
                  .hint = {},
                  .service_code = {}};
  if (error.category() != asio::error::get_ssl_category()) {
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated)
      failure.what = "TLS handshake failed: the connection was closed";
    return failure;
  }
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      failure.hint = fmt::format("the {} must speak TLS 1.2 or 1.3: older versions are not safe", peer);
      break;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
      failure.hint = fmt::format("the {} does not speak TLS on this port: check its URL", peer);
      break;
    default:
      break;
  }
  return failure;
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<ByteStream> below, const TlsTrust& trust)
    : below_(std::move(below)), tls_(*below_, trust.context().ssl) {}

Task<Result<>> TlsStream::shake_hands(std::string host, std::string_view peer) {
  SSL* ssl = tls_.native_handle();
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
  // A literal address is looked for in the certificate as an address, and is never sent as a name.
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) != 1) {
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size()) != 1 ||
        SSL_set_tlsext_host_name(ssl, host.c_str()) != 1) {
      co_return fail(FailureCode::unreachable, "TLS does not take this host name");
    }
  }
  error_code error;
  co_await tls_.async_handshake(asio::ssl::stream_base::client,
                                asio::redirect_error(asio::use_awaitable, error));
  co_await throw_if_cancelled();
  if (!error) co_return Result<>();
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) {
    co_return fail(FailureCode::unreachable,
                   fmt::format("certificate verify failed: {}", X509_verify_cert_error_string(verdict)),
                   certificate_hint(verdict, peer));
  }
  co_return fail(failed_handshake(error, peer));
}

void TlsStream::start_reading(asio::mutable_buffer target, Handler handler) {
  tls_.async_read_some(target, std::move(handler));
}

void TlsStream::start_writing(Source source, Handler handler) {
  tls_.async_write_some(source, std::move(handler));
}

}  // namespace ferry::net

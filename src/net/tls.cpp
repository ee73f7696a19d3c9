#include "net/tls.hpp"

#include "net/tls_context.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace ferry::net {
namespace {

constexpr const char* kHashedDirectory = "/etc/ssl/certs";

// Where distributions keep all authorities in one file, the most common first.
constexpr std::array kBundleFiles = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

// OpenSSL looks an authority up under the hash of its name: eight hexadecimal digits, a dot, a number.
bool is_hashed_name(const std::string& name) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return name.size() >= 10 && name[8] == '.' && std::all_of(name.begin(), name.begin() + 8, is_hex);
}

bool has_hashed_entries(const char* directory) {
  std::error_code error;
  std::filesystem::directory_iterator entries(directory, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    if (is_hashed_name(entries->path().filename().string())) return true;
  }
  return false;
}

std::string openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "no certificate in it" : reason;
}

void trust_system(SSL_CTX* context) {
  if (has_hashed_entries(kHashedDirectory)) {
    SSL_CTX_load_verify_dir(context, kHashedDirectory);
    return;
  }
  for (const char* file : kBundleFiles) {
    if (SSL_CTX_load_verify_file(context, file) == 1) return;
    ERR_clear_error();
  }
  // With no authority at all each connection fails with the reason; plain http still works.
}

}  // namespace

TlsTrust::TlsTrust(std::shared_ptr<Context> context) : context_(std::move(context)) {}

Result<TlsTrust> TlsTrust::load(const std::string& bundle_file) {
  auto context = std::make_shared<Context>();
  context->bundle_file = bundle_file;
  SSL_CTX* ssl = context->ssl.native_handle();
  SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  return TlsTrust(std::move(context));
}

Result<> TlsTrust::Context::read() {
  if (is_read) return {};
  if (bundle_file.empty()) {
    trust_system(ssl.native_handle());
  } else if (SSL_CTX_load_verify_file(ssl.native_handle(), bundle_file.c_str()) != 1) {
    return fail(
        FailureCode::usage,
        fmt::format("cannot read the certificate authorities in {}: {}", bundle_file, openssl_reason()),
        "give a readable file of PEM certificates");
  }
  is_read = true;
  return {};
}

}  // namespace ferry::net

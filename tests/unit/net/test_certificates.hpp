// Certificates made for one test: an authority of its own, and servers' certificates by it or by themselves.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace ferry::net {

struct Certificate {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> x509;

  [[nodiscard]] std::string pem() const {
    const std::shared_ptr<BIO> bio(BIO_new(BIO_s_mem()), BIO_free);
    EXPECT_EQ(PEM_write_bio_X509(bio.get(), x509.get()), 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }
};

struct CertificateWish {
  std::string common_name;
  std::string alternative_names;  // as in "DNS:localhost,IP:127.0.0.1"; empty for an authority
  long valid_seconds = 3600;      // from now; negative for one that has expired
};

inline void add_extension(X509* x509, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  const std::shared_ptr<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()),
                                                  X509_EXTENSION_free);
  ASSERT_NE(extension, nullptr) << value;
  ASSERT_EQ(X509_add_ext(x509, extension.get(), -1), 1);
}

// Signed by `issuer`, or by itself where that is null.
inline Certificate make_certificate(const CertificateWish& wish, const Certificate* issuer) {
  static long serial = 1;
  Certificate made;
  made.key.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
  made.x509.reset(X509_new(), X509_free);
  X509* x509 = made.x509.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x509), -7200);
  X509_gmtime_adj(X509_getm_notAfter(x509), wish.valid_seconds);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1, -1, 0);
  X509* signer = issuer == nullptr ? x509 : issuer->x509.get();
  X509_set_issuer_name(x509, X509_get_subject_name(signer));
  X509_set_pubkey(x509, made.key.get());
  if (wish.alternative_names.empty()) {
    add_extension(x509, signer, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    add_extension(x509, signer, NID_subject_alt_name, wish.alternative_names);
  }
  EVP_PKEY* signing_key = issuer == nullptr ? made.key.get() : issuer->key.get();
  EXPECT_GT(X509_sign(x509, signing_key, EVP_sha256()), 0);
  return made;
}

}  // namespace ferry::net

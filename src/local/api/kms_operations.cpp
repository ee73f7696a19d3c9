#include "local/api/kms_operations.hpp"

#include "base/text.hpp"
#include "local/api/arn.hpp"
#include "local/api/input.hpp"
#include "local/api/shape.hpp"

#include <optional>

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::string_view kInputError = "ValidationException";
constexpr std::size_t kLongestKeyId = 2048;
constexpr std::int64_t kMostBytes = 1024;

EncryptionContext context_of(const json::object& input) {
  EncryptionContext context;
  for (const auto& [name, value] : structure_of(input, "EncryptionContext"))
    if (const json::string* text = value.if_string()) context.emplace(name, *text);
  return context;
}

std::optional<ServiceError> wrong_key(const json::object& input) {
  if (auto missing = missing_member(input, {"KeyId"}, kInputError)) return missing;
  const std::string key = text_of(input, "KeyId");
  if (!key.empty() && key.size() <= kLongestKeyId) return std::nullopt;
  return refuse(
             std::string(kInputError),
             fmt::format("1 validation error detected: Value at 'keyId' failed to satisfy constraint: Member "
                         "must have length between 1 and {}",
                         kLongestKeyId))
      .value();
}

// How many bytes NumberOfBytes or KeySpec asks for.
tl::expected<std::size_t, ServiceError> wanted_bytes(const json::object& input) {
  const std::optional<std::int64_t> number = find_integer(input, "NumberOfBytes");
  const std::optional<std::string> spec = find_text(input, "KeySpec");
  if (number.has_value() == spec.has_value())
    return refuse(std::string(kInputError), "Please specify either number of bytes or key spec.");
  if (spec) {
    if (*spec == "AES_256") return 32;
    if (*spec == "AES_128") return 16;
    return refuse(std::string(kInputError),
                  fmt::format("1 validation error detected: Value '{}' at 'keySpec' failed to satisfy "
                              "constraint: Member must satisfy enum value set: [AES_256, AES_128]",
                              *spec));
  }
  if (*number < 1 || *number > kMostBytes)
    return refuse(std::string(kInputError),
                  fmt::format("1 validation error detected: Value '{}' at 'numberOfBytes' failed to satisfy "
                              "constraint: Member must have value between 1 and {}",
                              *number, kMostBytes));
  return static_cast<std::size_t>(*number);
}

Answer generate_data_key(const KeyService& keys, const json::object& input) {
  if (auto wrong = wrong_key(input)) return tl::unexpected(std::move(*wrong));
  const auto bytes = wanted_bytes(input);
  if (!bytes) return tl::unexpected(bytes.error());
  const KeyService::DataKey made = keys.make_data_key(text_of(input, "KeyId"), *bytes, context_of(input));
  return json::object{{"CiphertextBlob", base64(made.ciphertext)},
                      {"Plaintext", base64(made.plaintext)},
                      {"KeyId", made.key_arn}};
}

Answer decrypt(const KeyService& keys, const json::object& input) {
  if (auto missing = missing_member(input, {"CiphertextBlob"}, kInputError))
    return tl::unexpected(std::move(*missing));
  const std::optional<Bytes> ciphertext = from_base64(text_of(input, "CiphertextBlob"));
  if (!ciphertext) return refuse("SerializationException", "CiphertextBlob is not valid base64.");
  const auto opened = keys.decrypt(*ciphertext, context_of(input));
  // The service says no more than that either: nobody learns which part was wrong.
  if (!opened) return refuse("InvalidCiphertextException", "");
  const std::string key = text_of(input, "KeyId");
  if (!key.empty() && keys.key_arn(key) != opened->key_arn)
    return refuse("IncorrectKeyException",
                  "The key ID in the request does not identify a CMK that can perform this operation.");
  return json::object{{"KeyId", opened->key_arn},
                      {"Plaintext", base64(opened->plaintext)},
                      {"EncryptionAlgorithm", "SYMMETRIC_DEFAULT"}};
}

Answer describe_key(const KeyService& keys, const json::object& input) {
  if (auto wrong = wrong_key(input)) return tl::unexpected(std::move(*wrong));
  const std::string arn = keys.key_arn(text_of(input, "KeyId"));
  json::object key = {{"AWSAccountId", kAccount},
                      {"KeyId", short_name(arn)},
                      {"Arn", arn},
                      {"Enabled", true},
                      {"Description", ""},
                      {"KeyUsage", "ENCRYPT_DECRYPT"},
                      {"KeyState", "Enabled"},
                      {"Origin", "AWS_KMS"},
                      {"KeyManager", "CUSTOMER"},
                      {"KeySpec", "SYMMETRIC_DEFAULT"},
                      {"EncryptionAlgorithms", json::array{"SYMMETRIC_DEFAULT"}},
                      {"MultiRegion", false}};
  return json::object{{"KeyMetadata", std::move(key)}};
}

}  // namespace

Operations kms_operations(const KeyService& keys) {
  Operations operations;
  operations["GenerateDataKey"] = shaped_at_once(
      R"({"KeyId": "string", "EncryptionContext": {"*": "string"}, "NumberOfBytes": "integer",
          "KeySpec": "string"})",
      [&keys](const json::object& input) { return generate_data_key(keys, input); });
  operations["Decrypt"] = shaped_at_once(
      R"({"CiphertextBlob": "string", "EncryptionContext": {"*": "string"}, "KeyId": "string"})",
      [&keys](const json::object& input) { return decrypt(keys, input); });
  operations["DescribeKey"] = shaped_at_once(
      R"({"KeyId": "string"})", [&keys](const json::object& input) { return describe_key(keys, input); });
  return operations;
}

}  // namespace ferry::local

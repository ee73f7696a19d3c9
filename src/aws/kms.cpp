#include "aws/kms.hpp"

#include "aws/answer_reader.hpp"

#include <optional>
#include <utility>

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace ferry::aws::kms {

namespace json = boost::json;

net::Task<Result<DataKey>> generate_data_key(Client& client, std::string key_id, std::size_t byte_count,
                                             std::map<std::string, std::string> encryption_context) {
  json::object context;
  for (const auto& [name, value] : encryption_context) context[name] = value;
  json::object input;
  input["KeyId"] = key_id;
  input["NumberOfBytes"] = byte_count;
  input["EncryptionContext"] = std::move(context);
  const Result<json::object> answer = co_await client.call(Service::kms, "GenerateDataKey", std::move(input));
  if (!answer) co_return fail(answer.error());
  std::optional<Bytes> plaintext = from_base64(text_in(*answer, "Plaintext"));
  std::optional<Bytes> ciphertext = from_base64(text_in(*answer, "CiphertextBlob"));
  const bool is_complete = plaintext && ciphertext && plaintext->size() == byte_count && !ciphertext->empty();
  if (!is_complete) {
    co_return fail(FailureCode::protocol,
                   fmt::format("kms GenerateDataKey: the answer has no key of {} bytes", byte_count));
  }
  co_return DataKey{.plaintext = std::move(*plaintext), .ciphertext = std::move(*ciphertext)};
}

}  // namespace ferry::aws::kms

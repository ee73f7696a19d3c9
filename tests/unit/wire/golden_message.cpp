#include "golden_message.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>

namespace ferry::test {

namespace {

using Fields = std::map<std::string, std::string>;

Fields read_fields(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  Fields fields;
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (!line.starts_with('#') && colon != std::string::npos)
      fields[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return fields;
}

Bytes bytes_of(const std::string& digits) {
  std::optional<Bytes> bytes = from_hex(digits);
  if (!bytes) throw std::runtime_error("not hexadecimal: " + digits);
  return std::move(*bytes);
}

std::int64_t number_of(const Fields& fields, const std::string& name) {
  const std::optional<std::int64_t> number = parse_integer(fields.at(name));
  if (!number) throw std::runtime_error("not a number: " + name);
  return *number;
}

}  // namespace

GoldenMessage load_golden_message(const std::string& name) {
  const Fields fields = read_fields(std::filesystem::path(FERRY_TEST_DATA) / "messages" / (name + ".txt"));
  GoldenMessage golden;
  golden.name = name;
  golden.bytes = bytes_of(fields.at("bytes"));
  wire::AgentMessage& expected = golden.expected;
  expected.type = fields.at("type");
  expected.schema_version = static_cast<std::uint32_t>(number_of(fields, "schema_version"));
  expected.created = WallTime(milliseconds(number_of(fields, "created_ms")));
  expected.sequence_number = number_of(fields, "sequence_number");
  expected.flags = static_cast<std::uint64_t>(number_of(fields, "flags"));
  expected.id = wire::parse_uuid(fields.at("id")).value();
  expected.payload_type = wire::PayloadType{static_cast<std::uint32_t>(number_of(fields, "payload_type"))};
  expected.payload =
      fields.contains("payload") ? to_bytes(fields.at("payload")) : bytes_of(fields.at("payload_hex"));
  return golden;
}

std::vector<GoldenMessage> load_golden_messages() {
  std::vector<GoldenMessage> messages;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(FERRY_TEST_DATA) / "messages")) {
    messages.push_back(load_golden_message(entry.path().stem().string()));
  }
  std::ranges::sort(messages, {}, &GoldenMessage::name);
  return messages;
}

wire::UuidSource counting_uuids() {
  return [count = std::uint64_t{0}]() mutable {
    wire::Uuid uuid{};
    ++count;
    for (std::size_t index = 0; index < 8; ++index) {
      uuid[15 - index] = static_cast<std::uint8_t>(count >> (8 * index));
    }
    return uuid;
  };
}

}  // namespace ferry::test

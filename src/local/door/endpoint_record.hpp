// What a running endpoint leaves for `ferry local status`, `down` and `env`: one private file a port, in the
// user's runtime folder, for as long as it runs.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "local/door/guard.hpp"

#include <cstdint>
#include <string>

namespace ferry::local {

struct EndpointRecord {
  std::uint16_t port = 0;
  std::string url;  // "http://127.0.0.1:5319"
  std::string region;
  std::string data;  // the folder; empty for an endpoint that keeps nothing
  AccessKey key;
  std::int64_t process_id = 0;
  // When that process began, in the kernel's ticks since boot: tells it from a later one of the same id.
  std::int64_t process_start = 0;
};

// XDG_RUNTIME_DIR, else XDG_DATA_HOME, else ~/.local/share; then "ferry/local". Failure: HOME is not set.
Result<std::string> records_folder();
// XDG_DATA_HOME, else ~/.local/share; then "ferry/endpoint".
Result<std::string> default_data_folder();

// Writes the record and takes it away again.
class PublishedRecord {
 public:
  static Result<PublishedRecord> publish(const EndpointRecord& record);
  ~PublishedRecord();
  PublishedRecord(PublishedRecord&& other) noexcept;
  PublishedRecord& operator=(PublishedRecord&&) = delete;

 private:
  explicit PublishedRecord(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

// Of the endpoint on `port`, running or killed. Failure not_found: none.
Result<EndpointRecord> find_record(std::uint16_t port);

// When the process began, or 0 where there is none.
std::int64_t process_start(std::int64_t process_id);
// Whether the very process that wrote the record still runs.
bool is_alive(const EndpointRecord& record);
// Blocks until that process has ended: true, or false when it still runs after `patience`.
Result<bool> wait_until_gone(const EndpointRecord& record, milliseconds patience);

}  // namespace ferry::local

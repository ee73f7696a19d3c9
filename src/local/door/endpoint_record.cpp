#include "local/door/endpoint_record.hpp"

#include "base/text.hpp"
#include "local/api/input.hpp"
#include "sys/private_file.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  return value == nullptr ? std::string() : std::string(value);
}

Result<std::string> data_home() {
  if (std::string home = environment("XDG_DATA_HOME"); !home.empty()) return home;
  const std::string home = environment("HOME");
  if (!home.empty()) return home + "/.local/share";
  return fail(FailureCode::usage,
              "neither HOME nor XDG_DATA_HOME is set, so there is no place for the endpoint's files",
              "set HOME");
}

Result<std::string> record_folder(std::uint16_t port) {
  auto folder = records_folder();
  if (!folder) return folder;
  return fmt::format("{}/{}", *folder, port);
}

std::string record_file(const std::string& folder) {
  return folder + "/endpoint.json";
}

}  // namespace

Result<std::string> records_folder() {
  if (const std::string runtime = environment("XDG_RUNTIME_DIR"); !runtime.empty())
    return runtime + "/ferry/local";
  const auto home = data_home();
  if (!home) return fail(home.error());
  return *home + "/ferry/local";
}

Result<std::string> default_data_folder() {
  const auto home = data_home();
  if (!home) return fail(home.error());
  return *home + "/ferry/endpoint";
}

Result<PublishedRecord> PublishedRecord::publish(const EndpointRecord& record) {
  const auto folder = record_folder(record.port);
  if (!folder) return fail(folder.error());
  if (auto made = sys::make_private_folder(*folder); !made) return fail(std::move(made.error()));
  const json::object content{{"port", record.port},
                             {"url", record.url},
                             {"region", record.region},
                             {"data", record.data},
                             {"access_key_id", record.key.id},
                             {"secret_access_key", record.key.secret},
                             {"process_id", record.process_id},
                             {"process_start", record.process_start}};
  auto written = sys::write_private_file(record_file(*folder), json::serialize(content) + "\n");
  if (!written) return fail(std::move(written.error()));
  return PublishedRecord(*folder);
}

PublishedRecord::PublishedRecord(PublishedRecord&& other) noexcept
    : folder_(std::exchange(other.folder_, {})) {}

PublishedRecord::~PublishedRecord() {
  if (folder_.empty()) return;
  std::error_code ignored;  // a record that stays behind names a process that is gone: harmless
  std::filesystem::remove(record_file(folder_), ignored);
  std::filesystem::remove(folder_, ignored);
}

Result<EndpointRecord> find_record(std::uint16_t port) {
  const auto folder = record_folder(port);
  if (!folder) return fail(folder.error());
  const auto content = sys::read_private_file(record_file(*folder));
  if (!content && content.error().code == FailureCode::not_found) {
    return fail(FailureCode::not_found, fmt::format("no endpoint runs on port {}", port),
                fmt::format("start one with `ferry local up --port {}`", port));
  }
  if (!content) return fail(content.error());
  boost::system::error_code error;
  const json::value value = json::parse(*content, error);
  const json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) {
    return fail(FailureCode::protocol, fmt::format("{} is no endpoint's record", record_file(*folder)),
                "delete it");
  }
  EndpointRecord record;
  record.port = port;
  record.url = text_of(*object, "url");
  record.region = text_of(*object, "region");
  record.data = text_of(*object, "data");
  record.key = {.id = text_of(*object, "access_key_id"), .secret = text_of(*object, "secret_access_key")};
  record.process_id = integer_of(*object, "process_id", 0);
  record.process_start = integer_of(*object, "process_start", 0);
  return record;
}

std::int64_t process_start(std::int64_t process_id) {
  std::ifstream file(fmt::format("/proc/{}/stat", process_id));
  const std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  // The command name, the second field, is in parentheses and may hold anything: count behind it. proc(5).
  constexpr std::size_t kStateField = 3;
  constexpr std::size_t kStartField = 22;
  const std::size_t name_end = content.rfind(')');
  if (name_end == std::string::npos || name_end + 2 > content.size()) return 0;
  const auto fields = split(std::string_view(content).substr(name_end + 2), ' ');
  if (fields.size() <= kStartField - kStateField || fields[0] == "Z") return 0;
  return parse_integer(fields[kStartField - kStateField]).value_or(0);
}

bool is_alive(const EndpointRecord& record) {
  return record.process_id > 0 && record.process_start != 0 &&
         process_start(record.process_id) == record.process_start;
}

Result<bool> wait_until_gone(const EndpointRecord& record, milliseconds patience) {
  const sys::UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, record.process_id, 0)));
  if (!process.valid() && errno == ESRCH) return true;
  if (!process.valid()) {
    return fail(system_failure(fmt::format("cannot watch process {}", record.process_id), errno));
  }
  // Only now is it sure that the descriptor is not that of a later process with the same id.
  if (!is_alive(record)) return true;
  pollfd ending{.fd = process.get(), .events = POLLIN, .revents = 0};
  const int count = ::poll(&ending, 1, static_cast<int>(patience.count()));
  if (count < 0)
    return fail(system_failure(fmt::format("cannot wait for process {}", record.process_id), errno));
  return count > 0;
}

}  // namespace ferry::local

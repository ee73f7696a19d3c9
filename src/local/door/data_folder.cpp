#include "local/door/data_folder.hpp"

#include "base/text.hpp"
#include "sys/private_file.hpp"
#include "sys/random.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>

#include <fmt/format.h>

namespace ferry::local {
namespace {

constexpr mode_t kOwnerOnly = 0600;

}  // namespace

AccessKey new_access_key() {
  constexpr std::size_t kIdBytes = 4;
  constexpr std::size_t kSecretBytes = 20;
  std::string id = "AKIAFERRYLOC";
  // AWS's ids are capital letters and the digits 2 to 7.
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  for (const std::uint8_t byte : sys::random_bytes(2 * kIdBytes)) id += kAlphabet[byte % kAlphabet.size()];
  return AccessKey{.id = std::move(id), .secret = sys::random_hex(kSecretBytes)};
}

Result<DataFolder> DataFolder::open(const std::string& path) {
  std::error_code error;
  const std::string absolute = std::filesystem::absolute(path, error).lexically_normal().string();
  if (error) {
    return fail(FailureCode::usage, fmt::format("cannot use the data folder {}: {}", path, error.message()));
  }
  if (auto made = sys::make_private_folder(absolute); !made) return fail(std::move(made.error()));
  const std::string lock_path = absolute + "/lock";
  sys::UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (!lock.valid()) return fail(system_failure(fmt::format("cannot open {}", lock_path), errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(system_failure(fmt::format("cannot lock {}", lock_path), errno));
    return fail(FailureCode::refused, fmt::format("another endpoint uses the data folder {}", absolute),
                "stop it with `ferry local down`, or give this one another --data folder or --ephemeral");
  }
  return DataFolder(absolute, std::move(lock));
}

std::string DataFolder::database_path() const {
  return path_ + "/state.sqlite3";
}

Result<AccessKey> DataFolder::load_or_make_key() const {
  const std::string path = path_ + "/key";
  const auto content = sys::read_private_file(path);
  if (!content && content.error().code != FailureCode::not_found) return fail(content.error());
  if (!content) {
    AccessKey key = new_access_key();
    if (auto written = sys::write_private_file(path, fmt::format("{}\n{}\n", key.id, key.secret)); !written) {
      return fail(std::move(written.error()));
    }
    return key;
  }
  const auto lines = split(trim(*content), '\n');
  if (lines.size() != 2 || lines[0].empty() || lines[1].empty()) {
    return fail(FailureCode::protocol,
                fmt::format("{} does not hold a key id and a secret on two lines", path),
                "delete it, and a new key is made");
  }
  return AccessKey{.id = std::string(lines[0]), .secret = std::string(lines[1])};
}

}  // namespace ferry::local

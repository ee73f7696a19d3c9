#include "local/runtime/leftovers.hpp"

#include "base/text.hpp"
#include "sys/process.hpp"
#include "wire/digest.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/types.h>
#include <system_error>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace fs = std::filesystem;

// The first word of its command line.
std::string name_of(const fs::path& process) {
  std::ifstream file(process / "cmdline");
  std::string name;
  std::getline(file, name, '\0');
  return name;
}

}  // namespace

std::string sandbox_mark(std::string_view data_folder) {
  constexpr std::size_t kShown = 16;
  if (data_folder.empty()) return "ferry-sandbox";
  return fmt::format("ferry-sandbox-{}", hex(wire::sha256(as_bytes(data_folder))).substr(0, kShown));
}

void end_leftovers(std::string_view mark) {
  std::error_code error;
  for (fs::directory_iterator process("/proc", error), end; !error && process != end;
       process.increment(error)) {
    const std::optional<std::int64_t> number = parse_integer(process->path().filename().string());
    if (!number || name_of(process->path()) != mark) continue;
    const Result<sys::UniqueFd> held = sys::open_process(static_cast<pid_t>(*number));
    // The number may have become another's meanwhile.
    if (held && name_of(process->path()) == mark) sys::send_signal(*held, SIGKILL);
  }
}

}  // namespace ferry::local

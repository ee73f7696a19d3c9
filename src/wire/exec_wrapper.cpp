#include "wire/exec_wrapper.hpp"

#include "wire/command_line.hpp"

#include <cassert>
#include <utility>

#include <fmt/format.h>

namespace ferry::wire {
namespace {

// Switches off what the terminal does to bytes, says how far that went (r: raw; c: each LF comes as CR LF),
// and evaluates what it is then sent. \036 (RS) keeps the text itself, which `ps` shows, from looking like a
// frame.
constexpr std::string_view kBootstrap =
    R"(stty -echo -opost 2>/dev/null&&_q=r||_q=c;printf "\036ferry1$_q\036";)"
    R"(while IFS= read -r _l;do eval "$_l";done)";

// An empty entry of PATH would be the working directory.
constexpr std::string_view kUsualFolders =
    "PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin;";

std::string wrapped_in(std::string shell, std::string bootstrap, const std::vector<std::string>& command,
                       std::string_view mark) {
  assert(!command.empty());
  if (!mark.empty()) bootstrap += fmt::format(" #{}", mark);
  // The second "sh" is the name under which the shell complains ("sh: 1: exec: nope: not found").
  std::vector<std::string> words{std::move(shell), "-c", std::move(bootstrap), "sh"};
  words.insert(words.end(), command.begin(), command.end());
  return quote_command_line(words);
}

}  // namespace

std::string wrap_command(const std::vector<std::string>& command, std::string_view mark) {
  return wrapped_in("sh", std::string(kBootstrap), command, mark);
}

std::string wrap_command_beside_path(const std::vector<std::string>& command, std::string_view mark) {
  return wrapped_in("/bin/sh", fmt::format("{}{}", kUsualFolders, kBootstrap), command, mark);
}

std::string plain_command(const std::vector<std::string>& command) {
  assert(!command.empty());
  return quote_command_line(command);
}

}  // namespace ferry::wire

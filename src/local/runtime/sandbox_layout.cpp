#include "local/runtime/sandbox_layout.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <linux/capability.h>
#include <optional>
#include <span>
#include <system_error>

#include <fmt/format.h>

namespace ferry::local {

namespace {

namespace fs = std::filesystem;

struct Capability {
  const char* name;
  unsigned number;
};

constexpr std::array kept_capabilities = {
    Capability{"CAP_CHOWN", CAP_CHOWN},
    Capability{"CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE},
    Capability{"CAP_FOWNER", CAP_FOWNER},
    Capability{"CAP_FSETID", CAP_FSETID},
    Capability{"CAP_KILL", CAP_KILL},
    Capability{"CAP_SETGID", CAP_SETGID},
    Capability{"CAP_SETUID", CAP_SETUID},
    Capability{"CAP_SETPCAP", CAP_SETPCAP},
    Capability{"CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE},
    Capability{"CAP_SYS_CHROOT", CAP_SYS_CHROOT},
    Capability{"CAP_AUDIT_WRITE", CAP_AUDIT_WRITE},
    Capability{"CAP_SETFCAP", CAP_SETFCAP},
};

constexpr std::uint64_t kept_capability_bits() {
  std::uint64_t bits = 0;
  for (const Capability& capability : kept_capabilities) bits |= std::uint64_t{1} << capability.number;
  return bits;
}

// What root may write there is the host's, whatever namespace it is read in. bubblewrap itself sees to
// /proc/bus, /proc/irq and /proc/sysrq-trigger.
constexpr std::array<const char*, 3> read_only_kernel_files = {"/proc/dynamic_debug", "/proc/fs",
                                                               "/proc/sys"};

// What tells root of the whole machine, its memory and its keys: those that container engines mask.
constexpr std::array<const char*, 9> masked_kernel_files = {
    "/proc/acpi",          "/proc/asound",     "/proc/kcore",       "/proc/keys",       "/proc/scsi",
    "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug", "/proc/timer_stats"};
constexpr std::array<const char*, 2> masked_device_files = {"/sys/devices/virtual/powercap", "/sys/firmware"};

constexpr std::string_view resolver_settings = "/etc/resolv.conf";

std::optional<std::string> real_path(const std::string& path) {
  std::error_code error;
  fs::path real = fs::canonical(path, error);
  if (error) return std::nullopt;
  return real.string();
}

bool is_within_any(std::string_view path, const std::vector<std::string>& folders) {
  return std::ranges::any_of(folders, [&](const std::string& folder) { return is_within(path, folder); });
}

// mountinfo writes blanks, tabs, line ends and backslashes as \ooo.
std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(i + 1, 3);
    const bool is_escape = text[i] == '\\' && digits.size() == 3 &&
                           std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '7'; });
    if (!is_escape) {
      result += text[i];
      continue;
    }
    result += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
    i += 3;
  }
  return result;
}

class Arguments {
 public:
  void add(std::initializer_list<std::string_view> words) {
    words_.insert(words_.end(), words.begin(), words.end());
  }
  void add_private_folder(std::string_view permissions, std::string_view folder, bool is_read_only) {
    add({"--perms", permissions, "--tmpfs", folder});
    if (is_read_only) add({"--remount-ro", folder});
  }
  std::vector<std::string> take() { return std::move(words_); }

 private:
  std::vector<std::string> words_;
};

std::string_view permissions_of(std::string_view folder) {
  if (folder == "/tmp" || folder == "/var/tmp") return "1777";
  if (folder == "/root") return "0700";
  return "0755";
}

void add_root(Arguments& arguments, const SandboxMode& mode, const ImageRoot& image,
              const ContainerSpec& spec) {
  const std::string merged = fmt::format("{}/merged", overlay_scratch);
  const bool is_writable = mode.has_overlay && !spec.read_only_root;
  arguments.add({is_writable ? "--bind" : "--ro-bind", mode.has_overlay ? merged : image.folder(), "/"});
}

void add_host_folders(Arguments& arguments, const SandboxMode& mode, const ContainerSpec& spec,
                      const std::vector<std::string>& hidden, const std::vector<std::string>& mounts) {
  if (mode.has_overlay)
    for (const std::string& mount : mounts)
      if (!is_within_any(mount, hidden)) arguments.add({"--ro-bind-try", mount, mount});
  for (const std::string& folder : hidden)
    arguments.add_private_folder(permissions_of(folder), folder, spec.read_only_root);
  // Names resolve as on the host, also where its settings are kept in /run.
  const std::optional<std::string> resolver = real_path(std::string(resolver_settings));
  if (resolver && is_within_any(*resolver, hidden) && !spec.read_only_root)
    arguments.add({"--ro-bind-try", *resolver, *resolver});
}

void add_image_folders(Arguments& arguments, const SandboxMode& mode, const ImageRoot& image,
                       const ContainerSpec& spec) {
  if (!mode.has_overlay)
    for (const std::string_view folder : {"/tmp", "/var/tmp", "/run", "/root"})
      if (image.has_folder(std::string(folder)))
        arguments.add_private_folder(permissions_of(folder), folder, spec.read_only_root);
  std::error_code error;
  const fs::file_status status = fs::symlink_status(image.folder() + std::string(resolver_settings), error);
  const bool can_be_covered = status.type() == fs::file_type::regular;
  const bool can_be_made = status.type() == fs::file_type::not_found && mode.has_overlay &&
                           !spec.read_only_root && image.has_folder("/etc");
  if (can_be_covered || can_be_made) arguments.add({"--ro-bind-try", resolver_settings, resolver_settings});
}

// A folder is empty then, a file cannot be opened.
void add_masks(Arguments& arguments, std::span<const char* const> paths, bool is_read_only) {
  for (const char* path : paths) {
    std::error_code error;
    const fs::file_type type = fs::status(path, error).type();
    if (type == fs::file_type::directory)
      arguments.add_private_folder("0555", path, is_read_only);
    else if (type != fs::file_type::not_found && type != fs::file_type::none)
      arguments.add({"--ro-bind", "/dev/null", path});
  }
}

void add_kernel_files(Arguments& arguments, const ContainerSpec& spec, bool has_devices_folder) {
  arguments.add({"--proc", "/proc", "--dev", "/dev"});
  for (const char* path : read_only_kernel_files) arguments.add({"--ro-bind-try", path, path});
  add_masks(arguments, masked_kernel_files, spec.read_only_root);
  if (!has_devices_folder) return;
  arguments.add({"--ro-bind-try", "/sys", "/sys"});
  add_masks(arguments, masked_device_files, spec.read_only_root);
}

}  // namespace

const std::uint64_t container_capabilities = kept_capability_bits();

std::vector<std::string> folders_to_hide(const std::vector<std::string>& hidden_folders) {
  std::vector<std::string> wanted = {"/tmp", "/var/tmp", "/run", "/root", "/home"};
  wanted.insert(wanted.end(), hidden_folders.begin(), hidden_folders.end());
  std::vector<std::string> found;
  for (const std::string& folder : wanted) {
    const std::optional<std::string> real = real_path(folder);
    // A home of "/" (system accounts have such) hides nothing of its own.
    if (real && *real != "/") found.push_back(*real);
  }
  std::ranges::sort(found);
  std::vector<std::string> outermost;
  for (const std::string& folder : found)
    if (!is_within_any(folder, outermost)) outermost.push_back(folder);
  return outermost;
}

std::vector<std::string> system_mounts(std::string_view mountinfo) {
  static constexpr std::array<std::string_view, 10> shown = {"/bin", "/etc",  "/lib", "/lib64", "/nix",
                                                             "/opt", "/sbin", "/srv", "/usr",   "/var"};
  constexpr std::size_t mount_point_field = 4;
  std::vector<std::string> mounts;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const std::vector<std::string_view> fields = split(line, ' ');
    if (fields.size() <= mount_point_field) continue;
    std::string mount = unescape(fields[mount_point_field]);
    const bool is_shown =
        std::ranges::any_of(shown, [&](std::string_view folder) { return is_within(mount, folder); });
    if (is_shown && std::ranges::find(mounts, mount) == mounts.end()) mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::string host_name(const ContainerSpec& spec) {
  constexpr std::size_t length = 12;
  return spec.runtime_id.empty() ? "container" : spec.runtime_id.substr(0, length);
}

std::optional<std::string> folder_shown_by(std::string_view folder,
                                           const std::vector<std::string>& hidden_folders) {
  std::vector<std::string> secret = {"/root", "/home"};
  secret.insert(secret.end(), hidden_folders.begin(), hidden_folders.end());
  for (const std::string& path : secret) {
    const std::optional<std::string> real = real_path(path);
    if (real && *real != "/" && (is_within(folder, *real) || is_within(*real, folder))) return real;
  }
  for (const char* path : {"/tmp", "/var/tmp", "/run"}) {
    const std::optional<std::string> real = real_path(path);
    if (real && is_within(*real, folder)) return real;
  }
  return std::nullopt;
}

Result<std::string> plain_working_directory(const std::string& folder) {
  if (folder.starts_with('/')) return fs::path(folder).lexically_normal().string();
  return fail(FailureCode::usage,
              fmt::format("CannotCreateContainerError: the working directory '{}' is invalid, it needs to be "
                          "an absolute path",
                          folder),
              "let it begin with /");
}

std::vector<std::string> sandbox_options(const SandboxMode& mode, const ImageRoot& image,
                                         const ContainerSpec& spec,
                                         const std::map<std::string, std::string>& environment,
                                         const SandboxMeans& means) {
  Arguments arguments;
  arguments.add({"--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", host_name(spec),
                 "--die-with-parent", "--json-status-fd", fmt::to_string(means.status), "--seccomp",
                 fmt::to_string(means.filter), "--clearenv"});
  for (const auto& [name, value] : environment) arguments.add({"--setenv", name, value});
  if (mode.has_user_namespace) arguments.add({"--unshare-user", "--uid", "0", "--gid", "0"});
  add_root(arguments, mode, image, spec);
  if (image.is_host())
    add_host_folders(arguments, mode, spec, means.hidden, means.mounts);
  else
    add_image_folders(arguments, mode, image, spec);
  add_kernel_files(arguments, spec, mode.has_overlay || image.has_folder("/sys"));
  // As the container run-times do: a working directory that is not there is made.
  if (mode.has_overlay && !spec.read_only_root) arguments.add({"--dir", spec.working_directory});
  arguments.add({"--chdir", spec.working_directory, "--cap-drop", "ALL"});
  for (const Capability& capability : kept_capabilities) arguments.add({"--cap-add", capability.name});
  return arguments.take();
}

}  // namespace ferry::local

// What a sandboxed container sees, as the options of bubblewrap that make it so.
// Pure values; reads the host's folders and mounts, changes nothing.
#pragma once

#include "base/result.hpp"
#include "local/runtime/container_runtime.hpp"
#include "local/runtime/image_root.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::local {

// How this machine lets us sandbox; found out once, by trying.
struct SandboxMode {
  bool has_user_namespace = false;  // we are not root: root inside is us outside
  bool has_overlay = false;         // each container has a private, writable copy of its root
};

// Capabilities of a container's root, a bit each: those that ECS gives, less NET_RAW, which on the host's
// network reads what others send, and MKNOD.
extern const std::uint64_t container_capabilities;

// Where the private overlay is mounted, in the container's own mount namespace.
inline constexpr std::string_view overlay_scratch = "/tmp";

// /tmp, /var/tmp, /run, /root, /home and `hidden_folders` as they really are on this host: absolute, links
// resolved, each once, none inside another. A folder that does not exist is left out.
std::vector<std::string> folders_to_hide(const std::vector<std::string>& hidden_folders);

// The folder of this host that an image at `folder` would show to its containers, or nothing. Images may lie
// in /tmp, /var/tmp and /run, but not in homes nor in `hidden_folders`, and above none of them.
std::optional<std::string> folder_shown_by(std::string_view folder,
                                           const std::vector<std::string>& hidden_folders);

// Where a container starts that asks for `folder`: absolute, without "." and "..". Failure: it is relative.
Result<std::string> plain_working_directory(const std::string& folder);

// Mount points below the folders of programs and their settings (/usr, /etc, /opt, /var, ...): an overlay
// over "/" does not show what is mounted there. `mountinfo` is the text of /proc/self/mountinfo.
std::vector<std::string> system_mounts(std::string_view mountinfo);

// The container's name to itself: the start of its runtime id.
std::string host_name(const ContainerSpec& spec);

// What bubblewrap is handed besides the container itself.
struct SandboxMeans {
  std::vector<std::string> hidden;  // folders_to_hide()
  std::vector<std::string> mounts;  // system_mounts()
  int status = -1;                  // descriptor for its reports
  int filter = -1;                  // descriptor of the system call filter
};

// bubblewrap's options. They set the environment: bubblewrap itself must start with an empty one, since what
// its loader reads there (LD_PRELOAD) would run outside of the sandbox.
std::vector<std::string> sandbox_options(const SandboxMode& mode, const ImageRoot& image,
                                         const ContainerSpec& spec,
                                         const std::map<std::string, std::string>& environment,
                                         const SandboxMeans& means);

}  // namespace ferry::local

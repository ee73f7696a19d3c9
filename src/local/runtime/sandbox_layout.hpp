// What a sandboxed container sees, as the options of bubblewrap that make it so.
// Pure values; reads the host's folders and mounts, changes nothing.
#pragma once

#include "local/runtime/container_runtime.hpp"
#include "local/runtime/image_root.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::local {

// How this machine lets us sandbox; found out once, by trying.
struct SandboxMode {
  bool has_user_namespace = false;  // we are not root: root inside is us outside
  bool has_overlay = false;         // each container has a private, writable copy of its root
};

// Capabilities of a container's root, a bit each: those that Docker gives.
extern const std::uint64_t container_capabilities;

// Where the private overlay is mounted, in the container's own mount namespace.
inline constexpr std::string_view overlay_scratch = "/tmp";

// /tmp, /var/tmp, /run, /root, /home and `hidden_folders` as they really are on this host: absolute, links
// resolved, each once, none inside another. A folder that does not exist is left out.
std::vector<std::string> folders_to_hide(const std::vector<std::string>& hidden_folders);

// Mount points below the folders of programs and their settings (/usr, /etc, /opt, /var, ...): an overlay
// over "/" does not show what is mounted there. `mountinfo` is the text of /proc/self/mountinfo.
std::vector<std::string> system_mounts(std::string_view mountinfo);

// The container's name to itself: the start of its runtime id.
std::string host_name(const ContainerSpec& spec);

// bubblewrap's options; it reports on descriptor `status`. `hidden` is folders_to_hide(), `mounts` what
// system_mounts() found.
std::vector<std::string> sandbox_options(const SandboxMode& mode, const ImageRoot& image,
                                         const ContainerSpec& spec, const std::vector<std::string>& hidden,
                                         const std::vector<std::string>& mounts, int status);

}  // namespace ferry::local

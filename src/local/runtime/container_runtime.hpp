// What really runs containers. Implementations: sandbox (bubblewrap), process (plain children, on request
// only).
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"
#include "sys/unique_fd.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ferry::local {

struct ContainerSpec {
  std::string runtime_id;  // unguessable, unique; names the container's folder
  std::string image;       // a name only, or "rootfs:/path"
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;
  std::string working_directory = "/";
  bool read_only_root = false;
};

// How a process ended, as a shell would say it: 0..255, or 128+n for signal n.
struct ExitStatus {
  int code = 0;
};

// One process that runs inside a container (its command, or an exec). Destroying it kills what still runs.
class ContainerProcess {
 public:
  virtual ~ContainerProcess() = default;
  // Until it has ended; may be awaited by several.
  virtual net::Task<ExitStatus> wait() = 0;
  virtual void signal(int number) = 0;
};

struct StandardStreams {
  sys::UniqueFd output, error;  // our ends of the pipes, to be read to their end
};

// A terminal's master side, or three pipes.
struct ExecStreams {
  sys::UniqueFd terminal;       // valid for a pty
  sys::UniqueFd output, error;  // valid without
};

class Container : public ContainerProcess {
 public:
  virtual StandardStreams take_streams() = 0;
  // Runs argv inside with the container's environment (plus `environment`), as root, at its working
  // directory: on a new pty as controlling terminal, or with stdin empty and stdout and stderr apart. Failure
  // not_found or denied where it could not be executed.
  struct Exec {
    std::unique_ptr<ContainerProcess> process;
    ExecStreams streams;
  };
  virtual net::Task<Result<Exec>> exec(std::vector<std::string> argv,
                                       std::map<std::string, std::string> environment, bool on_terminal) = 0;
};

class ContainerRuntime {
 public:
  virtual ~ContainerRuntime() = default;
  // Starts it. Failure not_found for a command that is not there, denied for one that is not executable;
  // `what` becomes the container's reason.
  virtual net::Task<Result<std::unique_ptr<Container>>> start(ContainerSpec spec) = 0;
};

}  // namespace ferry::local

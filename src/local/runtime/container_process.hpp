// What the runtimes share: a child process behind the ContainerProcess interface, the environment that
// containers get, and the start of an exec. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "local/runtime/container_runtime.hpp"
#include "net/loop.hpp"
#include "sys/child.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ferry::local {

using Environment = std::map<std::string, std::string>;

// The command's environment: what the task gives, and a fixed PATH and HOME where it gives none.
Environment container_environment(const Environment& given);
// An exec's: the container's, `extra` over it, TERM, and LANG where there is none, as the agent of ECS does.
Environment exec_environment(const Environment& container, const Environment& extra);
std::vector<std::string> environment_list(const Environment& environment);

// Its end, however many wait for it, and also if it is killed meanwhile.
net::Task<ExitStatus> wait_for_end(net::Loop& loop, std::shared_ptr<sys::Child> child);

// Owns the child: kills what still runs.
class ChildProcess final : public ContainerProcess {
 public:
  // What destroying it ends: every process of its group, or it alone, where a terminal hangs up the others.
  enum class Ends { group, itself };
  ChildProcess(net::Loop& loop, sys::Child child, Ends ends = Ends::group);
  ~ChildProcess() override;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  net::Task<ExitStatus> wait() override { return wait_for_end(loop_, child_); }
  void signal(int number) override { child_->signal(number); }

 private:
  net::Loop& loop_;
  std::shared_ptr<sys::Child> child_;
  Ends ends_;
};

// Starts `spec` (its descriptors and has_terminal are filled in here) on a new terminal of the devpts behind
// `multiplexer`, or on pipes. It ends as the exec agent ends a session's command: SIGKILL to that alone; what
// it started gets SIGHUP where the terminal goes, and lives on where it does not mind.
Result<Container::Exec> start_exec(net::Loop& loop, sys::ChildSpec spec, bool on_terminal,
                                   const std::string& multiplexer);

}  // namespace ferry::local

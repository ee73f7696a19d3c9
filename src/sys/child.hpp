// A child process in a session of its own, from its start to its end.
// Owns the process: destroying it kills and reaps what still runs. Holds one pidfd. Not thread-safe; the
// thread that starts a child with ends_with_parent must live as long as the child may.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "sys/child_setup.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace ferry::sys {

// In whose words it is said that a program cannot be executed.
enum class StartWords {
  container_runtime,  // exec: "/nope": no such file or directory
  agent,              // the exec agent's, which are Go's: fork/exec /nope: no such file or directory
};

// In place of a descriptor: open_empty_input() of the child, where it has its surroundings.
inline constexpr int empty_input = -1;

struct ChildSpec {
  std::vector<std::string> argv;         // at least one word
  std::vector<std::string> environment;  // "NAME=value": all of it
  std::string program;                   // its path, where that is not argv[0]
  std::string search_path;               // where argv[0] is looked for when it has no slash, as PATH says it
  std::string working_directory;         // empty: where we are
  // Its descriptor i is our descriptors[i], or empty_input; it gets no others.
  std::vector<int> descriptors;
  bool has_terminal = false;      // its descriptor 0 becomes its controlling terminal
  bool ends_with_parent = false;  // SIGKILL when the thread that started it ends
  // A guard (child_guard.hpp) stands between: the program and all that comes of it, in whatever session or
  // group, end when this process ends, and when the program ends. Not with `entry`.
  bool is_guarded = false;
  StartWords words = StartWords::container_runtime;
  std::optional<ReadOnlyHost> read_only_host;
  std::optional<NamespaceEntry> entry;                // search, directory and empty input are then inside
  std::optional<std::uint64_t> allowed_capabilities;  // a bit each; none: as they are
  SyscallFilter syscall_filter;        // empty: none; else allowed_capabilities must be given, too
  milliseconds longest_start{10'000};  // until the program runs
};

class Child {
 public:
  // Returns once the program runs; the calling thread waits for that. Failure `timed_out` where it did not
  // run in time (its file is on a file system that does not answer), and not_found or denied where it could
  // not be executed, in the words that the spec names; both say exec: "nope": executable file not found in
  // $PATH. Signal dispositions and mask of the child are the default ones.
  static Result<Child> start(const ChildSpec& spec);

  ~Child();
  Child(Child&&) noexcept = default;
  Child& operator=(Child&&) noexcept;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // A pidfd: readable when the child has ended.
  [[nodiscard]] int end_descriptor() const { return end_.get(); }
  // Its end as a shell says it, 0..255, or 128+n for signal n; reaps. Nothing while it runs.
  std::optional<int> poll_exit();
  // No effect after its end.
  void signal(int number);
  // To every process of its process group.
  void signal_group(int number);
  // SIGKILL to it and its group, then reaps; the calling thread waits for at most 2 s. One that the kernel
  // does not let go in that time ends later, by itself.
  void kill();
  // SIGKILL to it alone, then reaps: what it started lives on.
  void kill_alone();

 private:
  Child(pid_t pid, UniqueFd end, pid_t program, UniqueFd program_end)
      : pid_(pid), end_(std::move(end)), program_(program), program_end_(std::move(program_end)) {}
  [[nodiscard]] int signalled() const { return program_ > 0 ? program_end_.get() : end_.get(); }

  pid_t pid_ = -1;  // our child: the program, or its guard
  UniqueFd end_;
  pid_t program_ = 0;     // where it is guarded
  UniqueFd program_end_;  // likewise; invalid where it had ended at once
  std::optional<int> exit_code_;
};

// Where a program may be, in the order of the search: the name itself if it has a slash.
std::vector<std::string> program_candidates(const std::string& name, std::string_view search_path);

// What the container run-times say about a program that cannot be executed.
Failure execution_failure(const std::string& name, int error_number);
// What Go says about it, which looks for a name without a slash itself; `found` is where that led, empty for
// nowhere.
Failure go_execution_failure(const std::string& name, const std::string& found, int error_number);

}  // namespace ferry::sys

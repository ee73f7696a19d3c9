#include "local/runtime/process_runtime.hpp"

#include "local/runtime/container_process.hpp"
#include "sys/child.hpp"
#include "sys/pipe.hpp"

#include <utility>

namespace ferry::local {

namespace {

class ProcessContainer final : public Container {
 public:
  ProcessContainer(net::Loop& loop, Environment environment, std::string working_directory, sys::Child child,
                   StandardStreams streams)
      : loop_(loop),
        environment_(std::move(environment)),
        working_directory_(std::move(working_directory)),
        process_(loop, std::move(child)),
        streams_(std::move(streams)) {}

  net::Task<ExitStatus> wait() override { return process_.wait(); }
  void signal(int number) override { process_.signal(number); }
  StandardStreams take_streams() override { return std::move(streams_); }

  net::Task<Result<Exec>> exec(std::vector<std::string> argv, Environment environment,
                               bool on_terminal) override {
    const Environment merged = exec_environment(environment_, environment);
    sys::ChildSpec spec;
    spec.argv = std::move(argv);
    spec.environment = environment_list(merged);
    spec.search_path = merged.at("PATH");
    spec.working_directory = working_directory_;
    spec.ends_with_parent = true;
    co_return start_exec(loop_, std::move(spec), on_terminal, "/dev/ptmx");
  }

 private:
  net::Loop& loop_;
  Environment environment_;
  std::string working_directory_;
  ChildProcess process_;
  StandardStreams streams_;
};

}  // namespace

net::Task<Result<std::unique_ptr<Container>>> ProcessRuntime::start(ContainerSpec spec) {
  if (spec.command.empty())
    co_return fail(FailureCode::usage, "CannotCreateContainerError: no command specified",
                   "give one in the task definition");
  if (spec.image.starts_with("rootfs:"))
    co_return fail(FailureCode::usage,
                   "CannotCreateContainerError: " + spec.image + ": the process runtime has no images",
                   "use the sandbox runtime");
  Result<sys::Pipe> output = sys::open_pipe();
  if (!output) co_return fail(std::move(output.error()));
  Result<sys::Pipe> error = sys::open_pipe();
  if (!error) co_return fail(std::move(error.error()));

  const Environment environment = container_environment(spec.environment);
  sys::ChildSpec child_spec;
  child_spec.argv = spec.command;
  child_spec.environment = environment_list(environment);
  child_spec.search_path = environment.at("PATH");
  child_spec.working_directory = spec.working_directory;
  child_spec.descriptors = {sys::empty_input, output->writing.get(), error->writing.get()};
  child_spec.ends_with_parent = true;
  child_spec.is_guarded = true;
  Result<sys::Child> child = sys::Child::start(child_spec);
  if (!child) {
    child.error().what.insert(0, "CannotStartContainerError: ");
    co_return fail(std::move(child.error()));
  }
  StandardStreams streams{.output = std::move(output->reading), .error = std::move(error->reading)};
  co_return std::make_unique<ProcessContainer>(loop_, environment, spec.working_directory, std::move(*child),
                                               std::move(streams));
}

}  // namespace ferry::local

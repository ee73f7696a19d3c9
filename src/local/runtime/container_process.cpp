#include "local/runtime/container_process.hpp"

#include "net/descriptor.hpp"
#include "sys/pipe.hpp"
#include "sys/pty.hpp"

#include <utility>

#include <fmt/format.h>

namespace ferry::local {

namespace {

Result<Container::Exec> start_on_terminal(net::Loop& loop, sys::ChildSpec spec,
                                          const std::string& multiplexer) {
  Result<sys::Pty> pty = sys::open_pty(multiplexer);
  if (!pty) return fail(std::move(pty.error()));
  const int slave = pty->slave.get();
  spec.descriptors = {slave, slave, slave};
  spec.has_terminal = true;
  Result<sys::Child> child = sys::Child::start(spec);
  if (!child) return fail(std::move(child.error()));
  Container::Exec exec;
  exec.process = std::make_unique<ChildProcess>(loop, std::move(*child), ChildProcess::Ends::itself);
  exec.streams.terminal = std::move(pty->master);
  return exec;
}

Result<Container::Exec> start_on_pipes(net::Loop& loop, sys::ChildSpec spec) {
  Result<sys::Pipe> output = sys::open_pipe();
  if (!output) return fail(std::move(output.error()));
  Result<sys::Pipe> error = sys::open_pipe();
  if (!error) return fail(std::move(error.error()));
  spec.descriptors = {sys::empty_input, output->writing.get(), error->writing.get()};
  spec.has_terminal = false;
  Result<sys::Child> child = sys::Child::start(spec);
  if (!child) return fail(std::move(child.error()));
  Container::Exec exec;
  // No terminal's end tells what it started to end, too.
  exec.process = std::make_unique<ChildProcess>(loop, std::move(*child), ChildProcess::Ends::group);
  exec.streams.output = std::move(output->reading);
  exec.streams.error = std::move(error->reading);
  return exec;
}

}  // namespace

Environment container_environment(const Environment& given) {
  Environment environment = given;
  environment.emplace("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  environment.emplace("HOME", "/root");
  return environment;
}

Environment exec_environment(const Environment& container, const Environment& extra) {
  Environment environment = extra;
  environment.insert(container.begin(), container.end());
  environment["TERM"] = "xterm-256color";
  std::string& language = environment["LANG"];
  if (language.empty()) language = "C.UTF-8";
  return environment;
}

std::vector<std::string> environment_list(const Environment& environment) {
  std::vector<std::string> list;
  list.reserve(environment.size());
  for (const auto& [name, value] : environment) list.push_back(fmt::format("{}={}", name, value));
  return list;
}

net::Task<ExitStatus> wait_for_end(net::Loop& loop, std::shared_ptr<sys::Child> child) {
  while (true) {
    if (const std::optional<int> code = child->poll_exit()) co_return ExitStatus{.code = *code};
    net::Descriptor end(loop, child->end_descriptor());
    co_await end.wait_readable();
  }
}

ChildProcess::ChildProcess(net::Loop& loop, sys::Child child, Ends ends)
    : loop_(loop), child_(std::make_shared<sys::Child>(std::move(child))), ends_(ends) {}

// Whoever still waits shares the child: it has to end here all the same.
ChildProcess::~ChildProcess() {
  if (ends_ == Ends::itself) {
    child_->kill_alone();
  } else {
    child_->kill();
  }
}

Result<Container::Exec> start_exec(net::Loop& loop, sys::ChildSpec spec, bool on_terminal,
                                   const std::string& multiplexer) {
  spec.words = sys::StartWords::agent;
  if (on_terminal) return start_on_terminal(loop, std::move(spec), multiplexer);
  return start_on_pipes(loop, std::move(spec));
}

}  // namespace ferry::local

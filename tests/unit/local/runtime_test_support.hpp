// Running a container in a test and looking at what it said.
#pragma once

#include "local/runtime/container_runtime.hpp"
#include "net/descriptor.hpp"
#include "net/loop.hpp"

#include <string>
#include <vector>

namespace ferry::local {

// All that comes from a descriptor until its end.
inline net::Task<std::string> read_to_end(net::Loop& loop, int descriptor) {
  net::Descriptor from(loop, descriptor);
  std::string text;
  while (true) {
    const Result<Bytes> bytes = co_await from.read_some(65'536);
    if (!bytes || bytes->empty()) co_return text;
    text += as_text(*bytes);
  }
}

// One line, its end included.
inline net::Task<std::string> read_line(net::Loop& loop, int descriptor) {
  net::Descriptor from(loop, descriptor);
  std::string text;
  while (!text.ends_with('\n')) {
    const Result<Bytes> bytes = co_await from.read_some(1);
    if (!bytes || bytes->empty()) co_return text;
    text += as_text(*bytes);
  }
  co_return text;
}

inline ContainerSpec shell_container(std::string script) {
  ContainerSpec spec;
  spec.runtime_id = "0123456789abcdef0123456789abcdef-1234567890";
  spec.image = "any:name";
  spec.command = {"sh", "-c", std::move(script)};
  return spec;
}

struct ContainerOutcome {
  std::string output, error;
  int exit_code = -1;
  Failure failure;  // where it did not start
};

// Output of up to a pipe's capacity (64 KiB) each.
inline net::Task<ContainerOutcome> run_container(net::Loop& loop, ContainerRuntime& runtime,
                                                 ContainerSpec spec) {
  ContainerOutcome outcome;
  Result<std::unique_ptr<Container>> container = co_await runtime.start(std::move(spec));
  if (!container) {
    outcome.failure = container.error();
    co_return outcome;
  }
  const StandardStreams streams = (*container)->take_streams();
  outcome.output = co_await read_to_end(loop, streams.output.get());
  outcome.error = co_await read_to_end(loop, streams.error.get());
  const ExitStatus status = co_await (*container)->wait();
  outcome.exit_code = status.code;
  co_return outcome;
}

}  // namespace ferry::local

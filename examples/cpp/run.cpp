// Runs a command in a task of its own, beside whatever else the program does; shows its log as it comes and
// exits with its code. A line on standard input, or its end, gives the run up: the task is stopped.
//
//   ferry-example-run TASK_DEFINITION COMMAND...
#include <chrono>
#include <ferry/run.hpp>
#include <iostream>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

bool has_input() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return poll(&input, 1, 0) > 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: ferry-example-run TASK_DEFINITION COMMAND...\n";
    return 125;
  }
  ferry::Options options;
  options.timeout = std::chrono::minutes(30);
  options.standard_output = [](std::string_view lines) { std::cout << lines << std::flush; };
  options.notice = [](std::string_view line) { std::cerr << line << '\n'; };

  ferry::Run run = ferry::start_run(
      {.task_definition = argv[1], .command = std::vector<std::string>(argv + 2, argv + argc)}, options);
  while (!run.ended_within(std::chrono::milliseconds(100))) {
    if (has_input()) run.request_stop();
  }

  const ferry::CommandResult result = run.wait();
  if (!result.explanation.empty()) std::cerr << result.explanation << '\n';
  return ferry::exit_status(result);
}

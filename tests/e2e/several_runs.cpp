// Several runs beside each other in one process, as a user of libferry would write it: several-runs FAMILY.
// Prints a line for each. A run of NAME is left to its destructor: several-runs FAMILY NAME.
#include <chrono>
#include <ferry/run.hpp>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 3) return 1;
  ferry::Options options;
  std::stop_source everything;
  options.cancel = everything.get_token();
  {
    const ferry::Run forgotten = ferry::start_run(
        {.task_definition = argv[1], .command = {"sleep", "1000"}, .started_by = argv[2]}, options);
    std::vector<ferry::Run> runs;
    for (int code = 0; code < 6; ++code) {
      const std::string script = "echo line " + std::to_string(code) + "; exit " + std::to_string(code);
      runs.push_back(
          ferry::start_run({.task_definition = argv[1], .command = {"sh", "-c", script}}, options));
    }
    while (!runs.empty()) {
      const ferry::CommandResult result = runs.back().wait();
      runs.pop_back();
      std::cout << result.exit_code.value_or(-1) << ": " << result.standard_output.value_or("\n");
    }
  }
  // A token that is given up stops a run that has not begun.
  everything.request_stop();
  const ferry::CommandResult result =
      ferry::run({.task_definition = argv[1], .command = {"sleep", "1000"}}, options);
  std::cout << (result.outcome == ferry::Outcome::interrupted ? "interrupted" : result.explanation) << '\n';
  ferry::Options with_input;
  with_input.input = "text";
  std::cout << ferry::run({.task_definition = argv[1]}, with_input).explanation << '\n';
  return 0;
}

// Runs a command in a running task of a service and shows both of its output streams and its exit code.
//
//   ferry-example TARGET COMMAND...        TARGET as for `ferry exec`: prod/web, task/ID, an ARN
#include <chrono>
#include <ferry/exec.hpp>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: ferry-example TARGET COMMAND...\n";
    return 125;
  }
  ferry::Options options;
  options.timeout = std::chrono::minutes(5);
  options.notice = [](std::string_view line) { std::cerr << line << '\n'; };

  const ferry::CommandResult result =
      ferry::exec({.target = argv[1], .command = std::vector<std::string>(argv + 2, argv + argc)}, options);

  std::cout << "stdout: " << result.standard_output.value_or("") << '\n';
  std::cout << "stderr: " << result.standard_error.value_or("") << '\n';
  if (result.outcome == ferry::Outcome::exited) {
    std::cout << "exit code: " << *result.exit_code << '\n';
  } else {
    std::cout << "no exit code: " << result.explanation << '\n';
  }
  return ferry::exit_status(result);
}

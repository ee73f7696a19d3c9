// Several threads of one process that call AWS at the same time, as users of libferry do: rate-sharing
// THREADS.
#include <ferry/exec.hpp>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  std::vector<std::jthread> threads;
  for (int i = 0; i < std::stoi(argv[1]); ++i) {
    threads.emplace_back([] {
      ferry::ExecRequest request;
      request.target = "family/nobody";
      request.command = {"true"};
      request.wait_limit = std::chrono::milliseconds(0);
      ferry::exec(request, {});
    });
  }
  return 0;
}

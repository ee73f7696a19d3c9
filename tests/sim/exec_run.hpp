// One `ferry exec` in simulated time: the framing's two ends over a session between client and agent, on a
// bad network. Everything follows from the seed.
#pragma once

#include "program_model.hpp"
#include "wire/exec_decoder.hpp"
#include "world.hpp"

#include <optional>
#include <string>

namespace ferry::sim {

// What goes wrong besides the losses of an ordinary bad network.
enum class Trouble {
  none,  // the connection stays up: 5 % of the messages lost each way, some doubled, some out of order
  cut,   // it breaks once, at any moment, and is resumed
  cut_for_good,     // it breaks once and resuming is refused
  impatient_agent,  // much is lost, and the agent gives up 2 s after the command's end, as the real one does
  task_stops,       // the task ends in the middle
  agent_breaks,     // the agent's connection breaks when it has written input, which it then writes again
};

struct ExecScenario {
  Scenario network;
  Image image;
  CommandModel command;
  Bytes input;
  bool is_exact = false, has_input = false, on_terminal = false;
  milliseconds agent_delay{0};  // until the agent passes anything on; what it gets earlier is lost
  std::optional<milliseconds> task_stops_after;
};

ExecScenario exec_scenario(std::uint64_t seed, Trouble trouble);

enum class Verdict {
  right,          // the true exit code, and every byte of both streams
  lost,           // no result, and not claimed to be one
  false_success,  // 0 although the command did not end with 0
  wrong_code,
  wrong_bytes,
};

struct ExecReport {
  Verdict verdict = Verdict::lost;
  int connections = 0;
  std::size_t written_twice = 0;  // messages of input
  std::string detail;             // for a person who looks for the reason
};

ExecReport run_exec(const ExecScenario& scenario);

}  // namespace ferry::sim

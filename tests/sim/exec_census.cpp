#include "exec_census.hpp"

#include <string_view>

#include <fmt/format.h>

namespace ferry::sim {

namespace {

constexpr std::array<std::string_view, 6> trouble_names = {
    "5 % loss, doubles, disorder",         "one cut, resumed", "one cut, resume refused",
    "30 % loss, agent gives up after 2 s", "the task stops",   "input is written twice"};

Trouble trouble_of(std::uint64_t seed) {
  switch (seed % 12) {
    case 0:
    case 1:
    case 2:
    case 3:
      return Trouble::none;
    case 4:
    case 5:
    case 6:
      return Trouble::cut;
    case 7:
      return Trouble::cut_for_good;
    case 8:
      return Trouble::impatient_agent;
    case 9:
      return Trouble::task_stops;
    default:
      return Trouble::agent_breaks;
  }
}

void count_verdict(ExecCensus& census, std::uint64_t seed, Trouble trouble, const ExecReport& report) {
  ExecCount& count = census.counts.at(static_cast<std::size_t>(trouble));
  const auto complain = [&](std::string_view what) {
    census.complaints += fmt::format("{}: seed {}, {}\n", what, seed, report.detail);
  };
  ++count.commands;
  if (report.connections > 1) ++count.resumed;
  count.written_twice += report.written_twice;
  switch (report.verdict) {
    case Verdict::right:
      ++count.right;
      break;
    case Verdict::lost:
      ++count.lost;
      if (trouble == Trouble::none || trouble == Trouble::agent_breaks)
        complain("lost although the connection stayed up");
      break;
    case Verdict::false_success:
      ++census.false_successes;
      complain("false success");
      break;
    case Verdict::wrong_code:
      ++census.wrong_codes;
      complain("wrong code");
      break;
    case Verdict::wrong_bytes:
      ++census.wrong_bytes;
      complain("wrong bytes");
      break;
  }
}

}  // namespace

ExecCensus take_census(std::uint64_t first_seed, int count) {
  ExecCensus census;
  for (std::uint64_t seed = first_seed; census.commands < count; ++seed) {
    const Trouble trouble = trouble_of(seed);
    count_verdict(census, seed, trouble, run_exec(exec_scenario(seed, trouble)));
    ++census.commands;
  }
  const ExecCount& cut = census.of(Trouble::cut);
  if (cut.lost * 1'000 > cut.commands)
    census.complaints += "more than one in a thousand lost although resumed\n";
  return census;
}

std::string table(const ExecCensus& census) {
  std::string lines =
      fmt::format("{:<36} {:>8} {:>8} {:>8} {:>8}\n", "", "commands", "right", "lost", "resumed");
  for (std::size_t trouble = 0; trouble < census.counts.size(); ++trouble) {
    const ExecCount& count = census.counts.at(trouble);
    lines += fmt::format("{:<36} {:>8} {:>8} {:>8} {:>8}\n", trouble_names.at(trouble), count.commands,
                         count.right, count.lost, count.resumed);
  }
  lines += fmt::format("{} messages of input were written twice\n",
                       census.of(Trouble::agent_breaks).written_twice);
  return lines + fmt::format("false successes {}, wrong codes {}, wrong bytes {}\n", census.false_successes,
                             census.wrong_codes, census.wrong_bytes);
}

}  // namespace ferry::sim

// exec_soak [COUNT [FIRST_SEED]]: simulated commands over bad networks, with their counts. Exits 1 where a
// bound of sim/exec_census.hpp was broken.
#include "base/text.hpp"
#include "sim/exec_census.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

#include <fmt/format.h>

int main(int argc, char** argv) {
  using namespace ferry;
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  const auto number = [&](std::size_t at, std::int64_t otherwise) {
    return words.size() > at ? parse_integer(words[at]) : std::optional(otherwise);
  };
  const std::optional<std::int64_t> count = number(1, 10'000);
  const std::optional<std::int64_t> first_seed = number(2, 0);
  if (!count || !first_seed || *count < 1 || *count > 1'000'000'000 || *first_seed < 0) {
    fmt::print(stderr, "exec_soak [COUNT [FIRST_SEED]]\n");
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  const sim::ExecCensus census =
      sim::take_census(static_cast<std::uint64_t>(*first_seed), static_cast<int>(*count));
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  fmt::print("{} simulated commands from seed {} in {:.1f} s\n{}{}", census.commands, *first_seed,
             taken.count(), sim::table(census), census.complaints);
  return census.complaints.empty() ? 0 : 1;
}

// Short commands over bad networks: the result is the true one, or none. A part of what `make soak` runs; a
// failing seed is printed and repeats exactly: build/dev/tests/exec_soak 1 SEED.
#include "exec_census.hpp"

#include <gtest/gtest.h>

namespace ferry::sim {
namespace {

TEST(ExecReliability, FiveHundredCommandsBringTheTrueResultOrNone) {
  const ExecCensus census = take_census(0, 500);
  EXPECT_EQ(census.complaints, "");
  EXPECT_EQ(census.commands, 500);
}

TEST(ExecReliability, LossIsNoticed) {
  // The census would be worth nothing if its troubles never cost a result.
  const ExecCensus census = take_census(0, 500);
  EXPECT_GT(census.of(Trouble::cut_for_good).lost, 0);
  EXPECT_GT(census.of(Trouble::task_stops).lost, 0);
  EXPECT_GT(census.of(Trouble::cut).resumed, 0);
  EXPECT_GT(census.of(Trouble::agent_breaks).written_twice, 0U);
}

// No input, some, much: whichever message of the session the agent writes twice, the result is the true one.
TEST(ExecReliability, NoMessageWrittenTwiceReachesTheCommandTwice) {
  constexpr std::uint64_t kSeed = 7;
  Random random(kSeed);
  const Bytes line = to_bytes("INSERT 1;\n");
  for (const Bytes& input : {Bytes{}, line, random.bytes(40'000)}) {
    for (const bool has_tools : {true, false}) {
      ExecScenario scenario;
      scenario.network.seed = kSeed;
      scenario.image.has_base64 = scenario.image.has_dd = has_tools;
      scenario.command = {.standard_output = to_bytes("out\n"), .standard_error = to_bytes("err\n")};
      scenario.has_input = true;
      scenario.input = input;
      std::size_t message = 0;
      while (true) {
        SCOPED_TRACE(testing::Message() << "message " << message << ", " << input.size() << " bytes");
        scenario.network.agent_breaks_at = message++;
        const ExecReport report = run_exec(scenario);
        EXPECT_EQ(report.verdict, Verdict::right) << report.detail;
        if (report.written_twice == 0 || HasFailure()) break;
      }
      EXPECT_GT(message, input.size() / 750 + 5);
    }
  }
}

}  // namespace
}  // namespace ferry::sim

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
}

}  // namespace
}  // namespace ferry::sim

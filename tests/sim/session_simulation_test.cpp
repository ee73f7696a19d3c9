// Client and agent over a bad network: every byte arrives once and in order within the bounds, and beyond
// them the failure is reported. A failing seed is printed; it repeats exactly.
#include "bulk_transfer.hpp"
#include "lossy_link.hpp"
#include "world.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace ferry::sim {
namespace {

constexpr milliseconds five_minutes{300'000};
constexpr milliseconds longest_run{3'600'000};

// Any mixture within the bounds, no fault and all faults at their worst among them.
Faults faults_of(std::uint64_t seed) {
  if (seed % 10 == 0) return {};
  if (seed % 10 == 1) return {.drop = 20, .duplicate = 20, .reorder = 20, .delay = 20};
  Random random(~seed);
  const auto percent = [&] { return static_cast<int>(random.below(21)); };
  return {.drop = percent(), .duplicate = percent(), .reorder = percent(), .delay = percent()};
}

struct Transfer : Scenario {
  std::size_t input_bytes = 0, output_bytes = 0;
};

Transfer transfer_of(std::uint64_t seed) {
  Random random(seed);
  Transfer scenario;
  scenario.seed = seed;
  scenario.faults = faults_of(seed);
  scenario.input_bytes = random.below(200'000);
  scenario.output_bytes = 1 + random.below(200'000);
  scenario.has_handshake = seed % 2 == 1;
  scenario.agent_stalls_percent = static_cast<int>(random.below(3));
  return scenario;
}

void expect_all_arrives(const Transfer& scenario) {
  SCOPED_TRACE(testing::Message() << "seed " << scenario.seed << ", drop " << scenario.faults.drop
                                  << ", duplicate " << scenario.faults.duplicate << ", reorder "
                                  << scenario.faults.reorder << ", delay " << scenario.faults.delay);
  BulkTransfer bulk(scenario.seed, scenario.input_bytes, scenario.output_bytes);
  World world(scenario, bulk);
  world.run(longest_run);
  EXPECT_EQ(world.protocol_error, "");
  EXPECT_FALSE(world.client_failure) << world.client_failure->line();
  EXPECT_FALSE(world.agent_failure) << world.agent_failure->line();
  ASSERT_TRUE(world.client_closed) << "after " << world.elapsed().count() << " ms: input "
                                   << bulk.received_input.size() << " of " << bulk.input.size() << ", output "
                                   << bulk.received_output.size() << " of " << bulk.output.size();
  ASSERT_TRUE(world.agent_closed);
  EXPECT_EQ(world.client_closed->lost_messages, 0U);
  EXPECT_TRUE(bulk.received_input == bulk.input);
  EXPECT_TRUE(bulk.received_output == bulk.output);
  EXPECT_GE(world.connections, scenario.cuts > 0 ? 2 : 1);
}

TEST(SessionSimulation, EveryByteArrivesOnceAndInOrder) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    expect_all_arrives(transfer_of(seed));
    if (HasFatalFailure()) return;
  }
}

TEST(SessionSimulation, AlsoFromAnAgentThatAcknowledgesNothingTwice) {
  for (std::uint64_t seed = 1'000; seed < 1'060; ++seed) {
    Transfer scenario = transfer_of(seed);
    scenario.agent_acknowledges_duplicates = false;
    expect_all_arrives(scenario);
    if (HasFatalFailure()) return;
  }
}

TEST(SessionSimulation, AlsoToAClientThatAcknowledgesNothingTwice) {
  for (std::uint64_t seed = 2'000; seed < 2'060; ++seed) {
    Transfer scenario = transfer_of(seed);
    scenario.client_acknowledges_duplicates = false;
    expect_all_arrives(scenario);
    if (HasFatalFailure()) return;
  }
}

TEST(SessionSimulation, NoByteIsLostWhenConnectionsBreak) {
  for (std::uint64_t seed = 3'000; seed < 3'060; ++seed) {
    Transfer scenario = transfer_of(seed);
    scenario.input_bytes += 1'000'000;
    scenario.output_bytes += 1'000'000;
    scenario.faults.drop /= 4;  // enough traffic for several cuts, in less time
    scenario.cuts = 3;
    scenario.client_acknowledges_duplicates = seed % 3 != 0;
    expect_all_arrives(scenario);
    if (HasFatalFailure()) return;
  }
}

TEST(SessionSimulation, ADeadLinkIsReportedByBothEnds) {
  for (std::uint64_t seed = 4'000; seed < 4'040; ++seed) {
    SCOPED_TRACE(seed);
    Transfer scenario = transfer_of(seed);
    scenario.input_bytes = 2'000'000;
    scenario.output_bytes = 2'000'000;
    scenario.dead_after_output_bytes = 1'000 + seed % 7 * 10'000;
    BulkTransfer bulk(scenario.seed, scenario.input_bytes, scenario.output_bytes);
    World world(scenario, bulk);
    world.run(longest_run);
    ASSERT_TRUE(world.client_failure);
    ASSERT_TRUE(world.agent_failure);
    EXPECT_EQ(world.client_failure->code, FailureCode::lost);
    EXPECT_EQ(world.agent_failure->code, FailureCode::lost);
    // A copy that left just before the end may still be under way, and be answered, for one delay.
    const milliseconds latest = *world.died_after + five_minutes + milliseconds(1'600);
    EXPECT_LE(*world.client_failed_after, latest);
    EXPECT_LE(*world.agent_failed_after, latest);
    // What did arrive is still the beginning of what was sent.
    EXPECT_TRUE(
        std::ranges::equal(bulk.received_output, BytesView(bulk.output).first(bulk.received_output.size())));
    EXPECT_TRUE(
        std::ranges::equal(bulk.received_input, BytesView(bulk.input).first(bulk.received_input.size())));
  }
}

TEST(SessionSimulation, ALinkThatNeverCarriedAnythingIsReported) {
  Transfer scenario;
  scenario.seed = 5'000;
  scenario.faults.drop = 100;
  scenario.input_bytes = scenario.output_bytes = 1'000;
  BulkTransfer bulk(scenario.seed, scenario.input_bytes, scenario.output_bytes);
  World world(scenario, bulk);
  world.run(longest_run);
  ASSERT_TRUE(world.agent_failure);
  EXPECT_EQ(*world.agent_failed_after, five_minutes);
  EXPECT_TRUE(bulk.received_output.empty());
}

TEST(SessionSimulation, ARunRepeatsExactly) {
  Transfer scenario = transfer_of(11);
  BulkTransfer first_bulk(scenario.seed, scenario.input_bytes, scenario.output_bytes);
  World first(scenario, first_bulk);
  first.run(longest_run);
  BulkTransfer second_bulk(scenario.seed, scenario.input_bytes, scenario.output_bytes);
  World second(scenario, second_bulk);
  second.run(longest_run);
  EXPECT_EQ(first.elapsed(), second.elapsed());
}

}  // namespace
}  // namespace ferry::sim

#include "feature/run/who_ended.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

using testing::HasSubstr;
using testing::Not;
using Kind = EndVerdict::Kind;

constexpr std::string_view kEssential = "EssentialContainerExited";

aws::ecs::Container container(std::string name, std::string status, std::optional<int> code = std::nullopt,
                              std::string reason = {}) {
  aws::ecs::Container made;
  made.name = std::move(name);
  made.last_status = std::move(status);
  made.exit_code = code;
  made.reason = std::move(reason);
  return made;
}

// One answer of DescribeTasks: what it says of app and side, and whether the task was told to stop.
aws::ecs::Task poll(std::string app, std::string side, std::string stop_code = {}) {
  aws::ecs::Task task;
  task.last_status = "RUNNING";
  task.desired_status = stop_code.empty() ? "RUNNING" : "STOPPED";
  task.stop_code = std::move(stop_code);
  task.containers = {container("side", std::move(side)), container("app", std::move(app))};
  return task;
}

aws::ecs::Task stopped(std::optional<int> app, std::optional<int> side,
                       std::string_view stop_code = kEssential, std::string side_reason = {}) {
  aws::ecs::Task task;
  task.last_status = "STOPPED";
  task.desired_status = "STOPPED";
  task.stop_code = stop_code;
  task.containers = {container("side", "STOPPED", side, std::move(side_reason)),
                     container("app", "STOPPED", app)};
  return task;
}

ContainerRoles roles(bool side_is_essential, bool app_is_essential = true) {
  aws::ecs::TaskDefinition definition;
  aws::ecs::ContainerDefinition app;
  app.name = "app";
  app.essential = app_is_essential;
  aws::ecs::ContainerDefinition side;
  side.name = "side";
  side.essential = side_is_essential;
  definition.containers = {app, side};
  return ContainerRoles(definition);
}

EndVerdict judge(const std::vector<aws::ecs::Task>& polls, const aws::ecs::Task& last,
                 const ContainerRoles& known = roles(true)) {
  ContainerEnds ends("app");
  for (const aws::ecs::Task& task : polls) ends.seen(task);
  ends.seen(last);
  return judge_end(ends, last, known);
}

TEST(WhoEnded, SeenToEndWhileTheOthersRanAndNobodyHadAskedItIsASuccess) {
  for (const char* stop_code : {"EssentialContainerExited", "UserInitiated", "SpotInterruption", ""}) {
    const EndVerdict verdict =
        judge({poll("RUNNING", "RUNNING"), poll("STOPPED", "RUNNING")}, stopped(0, 0, stop_code));
    EXPECT_EQ(verdict.kind, Kind::success) << stop_code;
    EXPECT_EQ(verdict.why, "");
  }
}

TEST(WhoEnded, ItsEndIsWhatStoppedTheTaskWhereTheOthersStillRun) {
  EXPECT_EQ(judge({poll("STOPPED", "RUNNING", "EssentialContainerExited")}, stopped(0, 0)).kind,
            Kind::success);
}

TEST(WhoEnded, TheOnlyEssentialContainerEndedItself) {
  for (const std::optional<int> side : {std::optional<int>(0), std::optional<int>(3), std::optional<int>()})
    EXPECT_EQ(judge({}, stopped(0, side), roles(false)).kind, Kind::success);
}

TEST(WhoEnded, WhatEndsAfterSomebodyStoppedTheTaskIsUnknown) {
  for (const char* stop_code : {"UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption",
                                "TerminationNotice", "NewCode", ""}) {
    for (const bool side_is_essential : {true, false}) {
      for (const int side : {0, 3, 137, 143}) {
        const EndVerdict verdict = judge({poll("RUNNING", "RUNNING"), poll("RUNNING", "RUNNING", stop_code),
                                          poll("STOPPED", "RUNNING", stop_code)},
                                         stopped(0, side, stop_code), roles(side_is_essential));
        if (std::string_view(stop_code).empty()) continue;  // poll() takes it for one that nobody asked
        EXPECT_EQ(verdict.kind, Kind::unknown) << stop_code << side;
        EXPECT_EQ(judge({}, stopped(0, side, stop_code), roles(side_is_essential)).kind, Kind::unknown);
      }
    }
  }
  EXPECT_EQ(judge({}, stopped(0, 0, ""), roles(false)).kind, Kind::unknown);
}

TEST(WhoEnded, AStopFromOutsideThatWasSeenCountsWhateverTheLastStopCodeIs) {
  EXPECT_EQ(judge({poll("RUNNING", "RUNNING", "UserInitiated"), poll("STOPPED", "RUNNING", "UserInitiated")},
                  stopped(0, 143))
                .kind,
            Kind::unknown);
}

TEST(WhoEnded, AnotherEssentialOneThatWasSeenToEndFirstIsNamed) {
  for (const int side : {0, 3, 137, 143}) {
    const EndVerdict verdict =
        judge({poll("RUNNING", "RUNNING"), poll("RUNNING", "STOPPED")}, stopped(0, side));
    EXPECT_EQ(verdict.kind, Kind::unknown) << side;
    EXPECT_EQ(verdict.first, "side");
    EXPECT_TRUE(verdict.is_certain);
    EXPECT_THAT(verdict.why, HasSubstr(fmt::format("container 'side' exited with {}", side)));
  }
}

TEST(WhoEnded, OneThatIsNotEssentialMayEndBeforeIt) {
  EXPECT_EQ(judge({poll("RUNNING", "STOPPED")}, stopped(0, 3), roles(false)).kind, Kind::success);
}

TEST(WhoEnded, UnseenAnotherThatFailedByItselfMayHaveBeenTheFirst) {
  for (const std::optional<int> side :
       {std::optional<int>(1), std::optional<int>(139), std::optional<int>()}) {
    const EndVerdict verdict = judge({poll("RUNNING", "RUNNING")}, stopped(0, side));
    EXPECT_EQ(verdict.kind, Kind::unknown);
    EXPECT_EQ(verdict.first, "side");
    EXPECT_FALSE(verdict.is_certain);
  }
  const EndVerdict out_of_memory =
      judge({}, stopped(0, 137, kEssential, "OutOfMemoryError: Container killed due to memory usage"));
  EXPECT_EQ(out_of_memory.kind, Kind::unknown);
  EXPECT_THAT(out_of_memory.why, HasSubstr("OutOfMemoryError"));
}

TEST(WhoEnded, UnseenOthersThatWereToldToStopWereNotTheFirst) {
  for (const int side : {137, 143}) {
    EXPECT_EQ(judge({}, stopped(0, side)).kind, Kind::success) << side;
    EXPECT_EQ(judge({}, stopped(0, side), ContainerRoles()).kind, Kind::success) << side;
    // The end of one that is not essential tells nobody to stop.
    EXPECT_EQ(judge({}, stopped(0, side), roles(true, false)).kind, Kind::unknown) << side;
  }
}

TEST(WhoEnded, UnseenAndAllWithZeroIsUnknownWithTheHint) {
  const EndVerdict verdict = judge({poll("RUNNING", "RUNNING")}, stopped(0, 0));
  EXPECT_EQ(verdict.kind, Kind::unknown);
  EXPECT_THAT(verdict.why, HasSubstr("'side'"));
  EXPECT_THAT(verdict.why, HasSubstr("`essential: false`"));
}

TEST(WhoEnded, WithoutTheDefinitionEveryOtherCountsAndThatIsSaid) {
  Failure denied;
  denied.code = FailureCode::refused;
  denied.what = "you may not read it";
  const EndVerdict verdict = judge({}, stopped(0, 0), ContainerRoles(denied));
  EXPECT_EQ(verdict.kind, Kind::unknown);
  EXPECT_THAT(verdict.why, HasSubstr("you may not read it"));
  EXPECT_EQ(judge({poll("STOPPED", "RUNNING")}, stopped(0, 0), ContainerRoles(denied)).kind, Kind::success);
}

TEST(WhoEnded, GuardDutysContainerIsNoReasonToDoubt) {
  aws::ecs::Task task = stopped(0, 0);
  task.containers.front().name = "aws-guardduty-agent-AbC";
  EXPECT_EQ(judge({}, task, ContainerRoles()).kind, Kind::success);
}

TEST(WhoEnded, AContainerWhoseSuccessLetAnotherStartWasDone) {
  aws::ecs::TaskDefinition definition;
  aws::ecs::ContainerDefinition app;
  app.name = "app";
  app.essential = false;
  aws::ecs::ContainerDefinition side;
  side.name = "side";
  side.depends_on = {{.container = "app", .condition = "SUCCESS"}};
  definition.containers = {app, side};
  EXPECT_EQ(judge({}, stopped(0, 3), ContainerRoles(definition)).kind, Kind::success);
  EXPECT_EQ(judge({}, stopped(0, std::nullopt), ContainerRoles(definition)).kind, Kind::unknown);
}

TEST(WhoEnded, OneThatIsStartedAgainHasNotEnded) {
  EXPECT_EQ(judge({poll("STOPPED", "RUNNING"), poll("RUNNING", "RUNNING")}, stopped(0, 0)).kind,
            Kind::unknown);
  EXPECT_EQ(judge({poll("RUNNING", "STOPPED"), poll("RUNNING", "RUNNING"), poll("STOPPED", "RUNNING")},
                  stopped(0, 0))
                .kind,
            Kind::success);
}

TEST(WhoEnded, AnotherCodeIsAFailureAndTheFirstOneExplainsASignal) {
  EXPECT_EQ(judge({}, stopped(3, 143)).kind, Kind::failed);
  EXPECT_EQ(judge({}, stopped(3, 143)).first, "");
  const EndVerdict verdict = judge({}, stopped(143, 1));
  EXPECT_EQ(verdict.kind, Kind::failed);
  EXPECT_EQ(verdict.first, "side");
  EXPECT_THAT(verdict.why, HasSubstr("container 'side' exited with 1"));
  EXPECT_EQ(judge({}, stopped(143, 1, "UserInitiated")).first, "") << "both were told";
  EXPECT_EQ(judge({}, stopped(143, 1), roles(false)).first, "") << "its end stops no task";
}

TEST(WhoEnded, WithoutACodeNothingIsKnown) {
  EXPECT_EQ(judge({poll("STOPPED", "RUNNING")}, stopped(std::nullopt, 143)).kind, Kind::unknown);
  ContainerEnds ends("nobody");
  EXPECT_EQ(judge_end(ends, stopped(0, 143), roles(true)).kind, Kind::unknown);
}

TEST(WhoEnded, OnlyThoseThatEndedByThemselvesAreTold) {
  EXPECT_EQ(ends_of_their_own(stopped(143, 3)), "container 'side' exited with 3");
  EXPECT_EQ(ends_of_their_own(stopped(137, std::nullopt)), "");
  EXPECT_EQ(ends_of_their_own(stopped(0, 3)),
            "container 'side' exited with 3, container 'app' exited with 0");
}

TEST(WhoEnded, TheEndIsSeenToBegin) {
  EXPECT_FALSE(is_ending(poll("RUNNING", "RUNNING"), roles(true)));
  EXPECT_TRUE(is_ending(poll("RUNNING", "STOPPED"), roles(true)));
  EXPECT_FALSE(is_ending(poll("RUNNING", "STOPPED"), roles(false)));
  EXPECT_TRUE(is_ending(poll("RUNNING", "RUNNING", "UserInitiated"), roles(false)));
}

TEST(WhoEnded, TheEndsOfEveryContainerAreKeptForTheOneThatIsMeant) {
  TaskEnds ends;
  ends.seen(poll("RUNNING", "RUNNING"));
  ends.seen(poll("STOPPED", "RUNNING"));
  EXPECT_TRUE(ends.of("app").was_followed_by("side"));
  EXPECT_TRUE(ends.of("side").was_preceded_by("app"));
  EXPECT_FALSE(ends.of("nobody").was_followed_by("side"));
}

// A task as it was, of which polls see parts: the moments at which its three containers end and at which it
// is told to stop. "app" is the chosen one.
struct History {
  enum class Event { app, side, other, told };

  std::array<Event, 4> order;
  std::array<int, 3> codes;  // of app, side, other
  std::array<bool, 3> essential;
  bool is_stopped_from_outside;

  [[nodiscard]] std::size_t at(Event event) const {
    return static_cast<std::size_t>(std::ranges::find(order, event) - order.begin());
  }
  [[nodiscard]] std::size_t end_of(std::size_t index) const { return at(static_cast<Event>(index)); }

  // Of the essential ones.
  [[nodiscard]] std::size_t first_end() const {
    std::size_t first = order.size();
    for (std::size_t index = 0; index < essential.size(); ++index) {
      if (essential[index]) first = std::min(first, end_of(index));
    }
    return first;
  }

  // What ECS can bring about, and what the exit codes of programs mean: one that nobody told to stop does not
  // end as if by a stop.
  [[nodiscard]] bool is_possible() const {
    if (first_end() == order.size()) return false;
    if (is_stopped_from_outside != (at(Event::told) < first_end())) return false;
    const std::size_t asked_at = std::min(first_end(), at(Event::told));
    for (std::size_t index = 0; index < codes.size(); ++index) {
      const bool was_asked = end_of(index) > asked_at;
      if (!was_asked && (codes[index] == 137 || codes[index] == 143)) return false;
    }
    return true;
  }

  // Whether app ended by itself.
  [[nodiscard]] bool was_done() const { return at(Event::app) <= std::min(first_end(), at(Event::told)); }

  // After the first `passed` events.
  [[nodiscard]] aws::ecs::Task seen_after(std::size_t passed) const {
    aws::ecs::Task task;
    const bool is_over = passed == order.size();
    const bool is_told = at(Event::told) < passed;
    task.last_status = is_over ? "STOPPED" : "RUNNING";
    task.desired_status = is_told ? "STOPPED" : "RUNNING";
    if (is_told) task.stop_code = is_stopped_from_outside ? "UserInitiated" : kEssential;
    constexpr std::array<std::string_view, 3> kNames{"app", "side", "other"};
    for (std::size_t index = 0; index < kNames.size(); ++index) {
      const bool has_ended = end_of(index) < passed;
      task.containers.push_back(container(std::string(kNames[index]), has_ended ? "STOPPED" : "RUNNING",
                                          has_ended ? std::optional(codes[index]) : std::nullopt));
    }
    return task;
  }

  [[nodiscard]] ContainerRoles roles() const {
    aws::ecs::TaskDefinition definition;
    constexpr std::array<std::string_view, 3> kNames{"app", "side", "other"};
    for (std::size_t index = 0; index < kNames.size(); ++index) {
      aws::ecs::ContainerDefinition one;
      one.name = kNames[index];
      one.essential = essential[index];
      definition.containers.push_back(one);
    }
    return ContainerRoles(definition);
  }

  [[nodiscard]] std::string text() const {
    std::string line = is_stopped_from_outside ? "stopped from outside:" : "ended:";
    for (const Event event : order) line += fmt::format(" {}", static_cast<int>(event));
    return line + fmt::format(", codes {} {} {}, essential {} {} {}", codes[0], codes[1], codes[2],
                              essential[0], essential[1], essential[2]);
  }
};

// Each poll falls between two events, or before the first; the last sees the whole.
struct Outcomes {
  int successes = 0;
  int done = 0;
};

void check_every_selection_of_polls(const History& history, Outcomes& outcomes) {
  const std::size_t moments = history.order.size();
  const ContainerRoles roles = history.roles();
  const std::size_t end = history.at(History::Event::app) + 1;
  for (unsigned polled = 0; polled < (1U << moments); ++polled) {
    ContainerEnds ends("app");
    for (std::size_t passed = 0; passed < moments; ++passed) {
      if ((polled >> passed & 1U) != 0) ends.seen(history.seen_after(passed));
    }
    const aws::ecs::Task last = history.seen_after(moments);
    ends.seen(last);
    const EndVerdict verdict = judge_end(ends, last, roles);
    const bool is_success = verdict.kind == Kind::success;
    EXPECT_TRUE(history.was_done() || !is_success)
        << "a false success: " << history.text() << ", polls " << polled;
    const bool saw_it_end = end < moments && (polled >> end & 1U) != 0;
    if (history.was_done() && saw_it_end) {
      EXPECT_TRUE(is_success) << history.text() << ", polls " << polled;
    }
    EXPECT_EQ(verdict.why.empty(), is_success) << history.text();
    outcomes.successes += is_success ? 1 : 0;
    outcomes.done += history.was_done() ? 1 : 0;
  }
}

TEST(WhoEnded, NoOrderOfEndsAndNoSelectionOfPollsGivesAFalseSuccess) {
  using Event = History::Event;
  Outcomes outcomes;
  constexpr std::array kCodes{0, 3, 137, 143};
  std::array<Event, 4> order{Event::app, Event::side, Event::other, Event::told};
  do {
    for (unsigned choice = 0; choice < kCodes.size() * kCodes.size() * 8 * 2; ++choice) {
      const unsigned flags = choice / (kCodes.size() * kCodes.size());
      const History history{.order = order,
                            .codes = {0, kCodes[choice % 4], kCodes[choice / 4 % 4]},
                            .essential = {(flags & 1U) != 0, (flags & 2U) != 0, (flags & 4U) != 0},
                            .is_stopped_from_outside = (flags & 8U) != 0};
      if (history.is_possible()) check_every_selection_of_polls(history, outcomes);
    }
  } while (std::ranges::next_permutation(order).found);
  EXPECT_GT(outcomes.done, 1'000);
  EXPECT_GT(outcomes.successes * 2, outcomes.done) << "what was done is known to be so most of the time";
}

}  // namespace
}  // namespace ferry::feature

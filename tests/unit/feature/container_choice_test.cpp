#include "feature/container_choice.hpp"

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

ContainerCandidate named(std::string name, std::optional<bool> is_essential = std::nullopt) {
  ContainerCandidate candidate;
  candidate.name = std::move(name);
  candidate.is_essential = is_essential;
  return candidate;
}

ContainerCandidate of_image(std::string name, std::string image) {
  ContainerCandidate candidate = named(std::move(name));
  candidate.image = std::move(image);
  return candidate;
}

ContainerCandidate router(std::string name) {
  ContainerCandidate candidate = named(std::move(name), true);
  candidate.is_log_router = true;
  return candidate;
}

using Candidates = std::vector<ContainerCandidate>;

std::string chosen(const Candidates& candidates, std::string_view wanted = "") {
  const Result<ContainerChoice> choice = choose_container(candidates, wanted, "task 0123");
  return choice ? choice->name : "none: " + choice.error().line();
}

TEST(ChooseContainer, TakesTheNamedOne) {
  EXPECT_EQ(chosen({named("app"), named("proxy")}, "proxy"), "proxy");
  EXPECT_EQ(chosen({named("app"), named("aws-guardduty-agent-x")}, "aws-guardduty-agent-x"),
            "aws-guardduty-agent-x");
}

TEST(ChooseContainer, TakesTheOnlyOneWhateverItIs) {
  EXPECT_EQ(chosen({named("app", false)}), "app");
  EXPECT_EQ(chosen({router("log_router")}), "log_router");
}

TEST(ChooseContainer, PassesOverWhatAwsPutThere) {
  EXPECT_EQ(chosen({named("ecs-service-connect-a1B2"), named("app")}), "app");
  EXPECT_EQ(chosen({named("app"), named("aws-guardduty-agent-Xy12")}), "app");
  EXPECT_EQ(chosen({router("my-router"), named("app", true)}), "app");
  EXPECT_EQ(chosen({named("xray-daemon"), named("cloudwatch-agent"), named("app")}), "app");
  EXPECT_EQ(chosen({of_image("logs", "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"),
                    of_image("rays", "amazon/aws-xray-daemon@sha256:00"), of_image("app", "me/app:1")}),
            "app");
}

TEST(ChooseContainer, TakesTheOnlyEssentialOneOfTheRest) {
  EXPECT_EQ(chosen({named("app", true), named("metrics", false), named("ecs-service-connect-1", true)}),
            "app");
  EXPECT_EQ(chosen({named("setup", false), router("log_router"), named("app", true)}), "app");
}

TEST(ChooseContainer, SaysWhichOneAndWhyNotTheOthers) {
  const Candidates candidates{named("app", true), named("metrics", false),
                              named("ecs-service-connect-1", true)};
  const Result<ContainerChoice> choice = choose_container(candidates, "", "task 0123");
  ASSERT_TRUE(choice);
  EXPECT_THAT(choice->notice, AllOf(HasSubstr("container app"), HasSubstr("AWS: ecs-service-connect-1"),
                                    HasSubstr("not essential: metrics"), HasSubstr("--container")));
  EXPECT_EQ(choose_container(candidates, "app", "task 0123")->notice, "");
  EXPECT_EQ(choose_container(Candidates{named("app")}, "", "task 0123")->notice, "");
}

TEST(ChooseContainer, ListsThemWhereSeveralMayBeMeant) {
  for (const Candidates& candidates :
       {Candidates{named("app", true), named("web", true)},
        Candidates{named("app", false), named("web", false)}, Candidates{named("app"), named("web")}}) {
    const Result<ContainerChoice> choice = choose_container(candidates, "", "task 0123");
    ASSERT_FALSE(choice);
    EXPECT_EQ(choice.error().code, FailureCode::ambiguous);
    EXPECT_THAT(choice.error().line(),
                AllOf(HasSubstr("task 0123 has 2 containers: app, web"), HasSubstr("FERRY_CONTAINER")));
  }
  const Candidates of_aws{named("xray-daemon"), named("cloudwatch-agent")};
  EXPECT_THAT(chosen(of_aws), HasSubstr("xray-daemon, cloudwatch-agent"));
}

TEST(ChooseContainer, NamesTheNearestWhereThereIsNone) {
  EXPECT_THAT(chosen({named("app"), named("worker")}, "wroker"),
              AllOf(HasSubstr("no container 'wroker'"), HasSubstr("did you mean worker?"),
                    HasSubstr("it has: app, worker")));
  EXPECT_THAT(chosen({named("app"), named("worker")}, "zzz"), Not(HasSubstr("did you mean")));
}

TEST(ChooseContainer, HasNothingToChooseWhereThereIsNone) {
  EXPECT_EQ(choose_container(Candidates{}, "", "task 0123").error().code, FailureCode::not_found);
  EXPECT_EQ(choose_container(Candidates{}, "app", "task 0123").error().code, FailureCode::not_found);
}

TEST(DefinitionIsNeeded, OnlyWhereNamesAloneDoNotDecide) {
  EXPECT_FALSE(is_definition_needed(Candidates{named("app")}, ""));
  EXPECT_FALSE(is_definition_needed(Candidates{named("app"), named("web")}, "app"));
  EXPECT_FALSE(is_definition_needed(Candidates{named("app"), named("aws-guardduty-agent-1")}, ""));
  EXPECT_FALSE(is_definition_needed(Candidates{named("app", true), named("web", true)}, ""));
  EXPECT_TRUE(is_definition_needed(Candidates{named("app"), named("web")}, ""));
  EXPECT_TRUE(is_definition_needed(Candidates{}, "app"));
}

TEST(ContainerCandidates, KnowWhatTheDefinitionLacks) {
  aws::ecs::Task task;
  task.containers.resize(3);
  task.containers[0].name = "app";
  task.containers[1].name = "an-agent-of-tomorrow";
  task.containers[2].name = "metrics";
  aws::ecs::TaskDefinition definition;
  definition.containers.resize(2);
  definition.containers[0].name = "app";
  definition.containers[1].name = "metrics";
  definition.containers[1].essential = false;
  EXPECT_EQ(chosen(container_candidates(task, &definition)), "app");
  EXPECT_TRUE(is_put_there_by_aws(container_candidates(task, &definition)[1]));
  EXPECT_FALSE(is_put_there_by_aws(container_candidates(task, nullptr)[1]));
  EXPECT_EQ(container_candidates(aws::ecs::Task{}, &definition).size(), 2U);
}

}  // namespace
}  // namespace ferry::feature

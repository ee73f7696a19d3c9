#include "feature/run/start_failure.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

using testing::HasSubstr;

Failure refusal(std::string code, std::string message) {
  Failure failure;
  failure.code = FailureCode::refused;
  failure.what = code + ": " + message + " (ecs RunTask)";
  failure.service_code = std::move(code);
  return failure;
}

struct Case {
  const char* code;
  const char* message;  // as AWS writes it
  const char* next_step;
  bool lacks_capacity, is_passing;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.code << ": " << one.message;
}

class RunTaskRefusals : public testing::TestWithParam<Case> {};

TEST_P(RunTaskRefusals, AreExplained) {
  const Failure failure = with_next_step(refusal(GetParam().code, GetParam().message));
  EXPECT_THAT(failure.what, HasSubstr(GetParam().message)) << "the service's words stay";
  EXPECT_THAT(failure.hint, HasSubstr(GetParam().next_step));
  EXPECT_EQ(lacks_capacity_now(failure), GetParam().lacks_capacity);
  EXPECT_EQ(may_start_later(failure), GetParam().is_passing);
}

INSTANTIATE_TEST_SUITE_P(
    Seen, RunTaskRefusals,
    testing::Values(
        Case{"ClientException", "You've reached the limit on the number of vCPUs you can run concurrently",
             "quota", true, true},
        Case{"ClientException", "You’ve reached the limit on the number of tasks you can run concurrently",
             "quota", true, true},
        Case{"ClientException",
             "Capacity is unavailable at this time. Please try again later or in a different availability "
             "zone",
             "--capacity", true, true},
        Case{"ClientException", "TaskDefinition is inactive", "another revision", false, false},
        Case{"ClientException", "TaskDefinition not found.", "check family", false, false},
        Case{"ClientException",
             "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/app' that was provided for "
             "this task.",
             "ecs-tasks.amazonaws.com", false, false},
        Case{"InvalidParameterException", "No Container Instances were found in your cluster.",
             "--launch-type FARGATE", true, false},
        Case{"InvalidParameterException",
             "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
             "--network-configuration", false, false},
        Case{"InvalidParameterException",
             "Network Configuration is not valid for the given networkMode of this task definition.",
             "leave --network-configuration out", false, false},
        Case{"InvalidParameterException",
             "Error retrieving subnet information for [subnet-1]: The subnet ID 'subnet-1' does not exist",
             "--network-configuration", false, false},
        Case{"InvalidParameterException",
             "Error retrieving security group information for [sg-1]: The security group 'sg-1' does not "
             "exist",
             "--network-configuration", false, false},
        Case{"InvalidParameterException", "Task definition does not support launch_type FARGATE.",
             "ferry api ecs DescribeTaskDefinition", false, false},
        Case{"InvalidParameterException",
             "Override for container named web is not a container in the TaskDefinition.",
             "ferry api ecs DescribeTaskDefinition", false, false},
        Case{"InvalidParameterException",
             "The execute command failed because a valid task role is not being used. Specify a valid task "
             "role in your task definition or as a task override and try again.",
             "--task-role-arn", false, false},
        Case{"InvalidParameterException",
             "The specified capacity provider 'FARGATE_SPOT' is not associated with the cluster.",
             "ferry api ecs DescribeClusters", false, false},
        Case{"InvalidParameterException",
             "Specifying both a launch type and capacity provider strategy is not supported. Remove one and "
             "try again.",
             "leave out --launch-type", false, false},
        Case{"InvalidParameterException",
             "The specified capacity provider 'spot' was not found. Specify a valid name or ARN and try "
             "again.",
             "there is no such capacity provider", false, false},
        Case{
            "AccessDeniedException",
            "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: iam:PassRole on resource: "
            "arn:aws:iam::123456789012:role/app because no identity-based policy allows the iam:PassRole "
            "action",
            "iam:PassRole on the task role", false, false},
        Case{"AccessDeniedException",
             "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:RunTask on resource: "
             "arn:aws:ecs:eu-west-1:123456789012:task-definition/app:1",
             "allow the action", false, false},
        Case{"BlockedException", "Your AWS account is currently blocked.", "AWS Support", false, false},
        Case{"ClusterNotFoundException", "Cluster not found.", "--region", false, false},
        Case{"ConflictException", "The client token was used with other parameters.", "clientToken", false,
             false},
        Case{"PlatformUnknownException", "The specified platform does not exist.", "LATEST", false, false},
        Case{"PlatformTaskDefinitionIncompatibilityException", "The platform version is too old.", "LATEST",
             false, false},
        Case{"UnsupportedFeatureException", "The specified feature is not supported in this region.",
             "leave out", false, false},
        Case{"ServerException", "Service Unavailable. Please try again later.", "try again", false, true},
        Case{"ThrottlingException", "Rate exceeded", "try again", false, true}));

TEST(RunTaskRefusals, AreLeftAsTheyAreWhereNothingIsKnown) {
  const Failure failure = with_next_step(refusal("NewException", "Something new."));
  EXPECT_EQ(failure.line(), "NewException: Something new. (ecs RunTask)");
  EXPECT_FALSE(may_start_later(failure));
}

TEST(RunTaskRefusals, AHintThatWasGivenStays) {
  Failure failure = refusal("BlockedException", "Your AWS account is currently blocked.");
  failure.hint = "ask your administrator";
  EXPECT_EQ(with_next_step(failure).hint, "ask your administrator");
}

struct Reason {
  const char* text;
  const char* next_step;
  bool lacks_capacity, is_passing;
};

void PrintTo(const Reason& one, std::ostream* out) {
  *out << one.text;
}

class PlacementFailures : public testing::TestWithParam<Reason> {};

TEST_P(PlacementFailures, AreExplained) {
  const Failure failure = placement_failure({.arn = "arn:aws:ecs:us-east-1:123456789012:container-instance/1",
                                             .reason = GetParam().text,
                                             .detail = {}});
  EXPECT_THAT(failure.what, HasSubstr(GetParam().text));
  EXPECT_THAT(failure.what, HasSubstr("container-instance/1"));
  EXPECT_THAT(failure.hint, HasSubstr(GetParam().next_step));
  EXPECT_EQ(lacks_capacity_now(failure), GetParam().lacks_capacity);
  EXPECT_EQ(may_start_later(failure), GetParam().is_passing);
}

INSTANTIATE_TEST_SUITE_P(
    Documented, PlacementFailures,
    testing::Values(Reason{"RESOURCE:CPU", "add instances", true, true},
                    Reason{"RESOURCE:MEMORY", "add instances", true, true},
                    Reason{"RESOURCE:ENI", "add instances", true, true},
                    Reason{"RESOURCE:GPU", "add instances", true, true},
                    Reason{"RESOURCE:PORTS", "hostPort 0", true, true},
                    Reason{"RESOURCE:SOMETHING", "add instances", true, true},
                    Reason{"AGENT", "look at the instance", false, true},
                    Reason{"LOCATION", "availability zone", false, false},
                    Reason{"ATTRIBUTE", "requiresAttributes", false, false},
                    Reason{"MISSING", "check cluster", false, false},
                    Reason{"INACTIVE", "check cluster", false, false},
                    Reason{"EMPTY CAPACITY PROVIDER", "Auto Scaling", true, true},
                    Reason{"NO ACTIVE INSTANCES", "Auto Scaling", true, true},
                    Reason{"Capacity is unavailable at this time. Please try again later or in a different "
                           "availability zone",
                           "more zones", true, true}));

TEST(PlacementFailures, WhatIsNotKnownIsShownAsItIs) {
  const Failure failure = placement_failure({.arn = {}, .reason = "SOMETHING:NEW", .detail = "in detail"});
  EXPECT_EQ(failure.line(), "RunTask started nothing: SOMETHING:NEW (in detail)");
}

}  // namespace
}  // namespace ferry::feature

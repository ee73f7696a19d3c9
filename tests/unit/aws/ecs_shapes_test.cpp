#include "aws/ecs.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

namespace ferry::aws::ecs {
namespace {

boost::json::object object(std::string_view text) {
  return boost::json::parse(text).as_object();
}

TEST(EcsShapes, ATaskIsReadWhole) {
  const Task task = task_from_json(object(R"({
    "taskArn": "arn:aws:ecs:us-east-1:123456789012:task/prod/0123", "clusterArn": "arn:aws:ecs:us-east-1:1:cluster/prod",
    "taskDefinitionArn": "arn:aws:ecs:us-east-1:1:task-definition/app:7", "group": "service:web", "startedBy": "me",
    "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited",
    "stoppedReason": "Essential container in task exited", "launchType": "FARGATE", "enableExecuteCommand": true,
    "createdAt": 1700000000.25, "startedAt": 1700000001, "unknownMember": {"a": [1]},
    "containers": [
      {"name": "app", "containerArn": "arn:c", "runtimeId": "0123-456", "lastStatus": "STOPPED", "exitCode": 3,
       "reason": "OutOfMemoryError", "managedAgents": [{"name": "ExecuteCommandAgent", "lastStatus": "STOPPED", "reason": "r"}]},
      {"name": "side", "lastStatus": "STOPPED"}]})"));
  EXPECT_EQ(task.id(), "0123");
  EXPECT_EQ(task.cluster_name(), "prod");
  EXPECT_EQ(task.stop_code, "EssentialContainerExited");
  EXPECT_EQ(task.stopped_reason, "Essential container in task exited");
  EXPECT_TRUE(task.enable_execute_command);
  EXPECT_EQ(task.created_at, 1700000000.25);
  EXPECT_EQ(task.started_at, 1700000001.0);
  EXPECT_FALSE(task.stopped_at);
  ASSERT_EQ(task.containers.size(), 2U);
  EXPECT_EQ(task.containers[0].exit_code, 3);
  EXPECT_EQ(task.containers[0].runtime_id, "0123-456");
  ASSERT_EQ(task.containers[0].managed_agents.size(), 1U);
  EXPECT_EQ(task.containers[0].managed_agents[0].name, "ExecuteCommandAgent");
  EXPECT_FALSE(task.containers[1].exit_code) << "an absent exit code is unknown, not 0";
}

TEST(EcsShapes, MembersOfAnotherTypeAreLikeAbsentOnes) {
  const Task task =
      task_from_json(object(R"({"taskArn": 1, "containers": [1, null, {"name": null, "exitCode": "0"},
      {"exitCode": 99999999999}], "createdAt": "yesterday", "enableExecuteCommand": "true", "lastStatus": null})"));
  EXPECT_EQ(task.arn, "");
  EXPECT_EQ(task.id(), "");
  ASSERT_EQ(task.containers.size(), 2U);
  EXPECT_FALSE(task.containers[0].exit_code);
  EXPECT_FALSE(task.containers[1].exit_code);
  EXPECT_FALSE(task.created_at);
  EXPECT_FALSE(task.enable_execute_command);
}

TEST(EcsShapes, ADefinitionTellsWhereItsLogsGo) {
  const TaskDefinition definition =
      task_definition_from_json(object(R"({"taskDefinitionArn": "arn:td", "family": "app",
      "revision": 42, "taskRoleArn": "arn:role", "containerDefinitions": [
        {"name": "app", "logConfiguration": {"logDriver": "awslogs", "options":
          {"awslogs-group": "/g", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p"}}},
        {"name": "side", "essential": false}]})"));
  EXPECT_EQ(definition.revision, 42);
  EXPECT_EQ(definition.task_role_arn, "arn:role");
  ASSERT_EQ(definition.containers.size(), 2U);
  EXPECT_TRUE(definition.containers[0].essential) << "containers are essential unless said otherwise";
  EXPECT_EQ(definition.containers[0].log.driver, "awslogs");
  EXPECT_EQ(definition.containers[0].log.group, "/g");
  EXPECT_EQ(definition.containers[0].log.region, "eu-west-1");
  EXPECT_EQ(definition.containers[0].log.stream_prefix, "p");
  EXPECT_FALSE(definition.containers[1].essential);
  EXPECT_EQ(definition.containers[1].log.driver, "");
}

TEST(EcsErrors, EveryNameOfTheModelsIsAValueAndOthersAreOther) {
  const std::pair<const char*, Error> names[] = {
      {"AccessDeniedException", Error::access_denied},
      {"BlockedException", Error::blocked},
      {"ClientException", Error::client},
      {"ClusterNotFoundException", Error::cluster_not_found},
      {"ConflictException", Error::conflict},
      {"InvalidParameterException", Error::invalid_parameter},
      {"PlatformTaskDefinitionIncompatibilityException", Error::platform_task_definition_incompatibility},
      {"PlatformUnknownException", Error::platform_unknown},
      {"ServerException", Error::server},
      {"TargetNotConnectedException", Error::target_not_connected},
      {"ThrottlingException", Error::throttling},
      {"UnsupportedFeatureException", Error::unsupported_feature},
      {"SomethingNewException", Error::other},
      {"", Error::other}};
  for (const auto& [name, error] : names) {
    Failure failure;
    failure.service_code = name;
    EXPECT_EQ(error_of(failure), error) << name;
  }
}

}  // namespace
}  // namespace ferry::aws::ecs

#include "feature/run/like_service.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

json::value like(std::string_view service) {
  return like_service(json::parse(service).as_object());
}

TEST(LikeService, TakesThePlaceAndNothingElse) {
  EXPECT_EQ(like(R"({"serviceName":"web","status":"ACTIVE","desiredCount":3,
      "taskDefinition":"arn:aws:ecs:eu-west-1:1:task-definition/web:7","launchType":"FARGATE",
      "platformVersion":"LATEST","enableExecuteCommand":true,"loadBalancers":[{"containerPort":80}],
      "networkConfiguration":{"awsvpcConfiguration":{"subnets":["s"],"assignPublicIp":"DISABLED"}},
      "tags":[{"key":"team","value":"data"},{"key":"aws:cloudformation:stack-name","value":"x"}]})"),
            json::parse(R"({"taskDefinition":"arn:aws:ecs:eu-west-1:1:task-definition/web:7",
      "launchType":"FARGATE","platformVersion":"LATEST","enableExecuteCommand":true,
      "networkConfiguration":{"awsvpcConfiguration":{"subnets":["s"],"assignPublicIp":"DISABLED"}},
      "tags":[{"key":"team","value":"data"}]})"));
}

TEST(LikeService, AStrategyTakesThePlaceOfTheLaunchType) {
  EXPECT_EQ(like(R"({"taskDefinition":"web:7","launchType":"FARGATE",
      "capacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT","weight":1}]})"),
            json::parse(R"({"taskDefinition":"web:7",
      "capacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT","weight":1}]})"));
}

TEST(LikeService, APlatformVersionIsFargatesAlone) {
  EXPECT_EQ(like(R"({"taskDefinition":"web:7","launchType":"EC2","platformVersion":"","tags":[],
      "networkConfiguration":{}})"),
            json::parse(R"({"taskDefinition":"web:7","launchType":"EC2"})"));
}

}  // namespace
}  // namespace ferry::feature

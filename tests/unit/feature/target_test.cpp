#include "feature/target.hpp"

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Kind = Target::Kind;

void expect_target(std::string_view text, Kind kind, std::string_view name, std::string_view cluster,
                   std::string_view region = "") {
  const Result<Target> target = parse_target(text, "home");
  ASSERT_TRUE(target) << text << ": " << target.error().line();
  EXPECT_EQ(target->kind, kind) << text;
  EXPECT_EQ(target->name, name) << text;
  EXPECT_EQ(target->cluster, cluster) << text;
  EXPECT_EQ(target->region, region) << text;
}

TEST(ParseTarget, TakesEveryForm) {
  expect_target("web", Kind::service, "web", "home");
  expect_target("prod/web", Kind::service, "web", "prod");
  expect_target("prod/family", Kind::service, "family", "prod");
  expect_target("task/0a1b2c", Kind::task, "0a1b2c", "home");
  expect_target("family/web_2-x", Kind::family, "web_2-x", "home");
}

TEST(ParseTarget, TakesAWholeIdForATaskWithoutSayingSo) {
  constexpr std::string_view kId = "0123456789abcdef0123456789abcdef";
  expect_target(kId, Kind::task, kId, "home");
  expect_target("prod/0123456789abcdef0123456789abcdef", Kind::task, kId, "prod");
  expect_target("prod/c5cba4eb-5dad-405e-96db-71ef8eefe6a8", Kind::task,
                "c5cba4eb-5dad-405e-96db-71ef8eefe6a8", "prod");
  expect_target("family/0123456789abcdef0123456789abcdef", Kind::family, kId, "home");
  expect_target("0123456789abcdef", Kind::service, "0123456789abcdef", "home");
  expect_target("prod/deadbeef", Kind::service, "deadbeef", "prod");
}

TEST(ParseTarget, TakesArnsOldAndNew) {
  expect_target("arn:aws:ecs:eu-west-1:123456789012:task/prod/0123456789abcdef0123456789abcdef", Kind::task,
                "0123456789abcdef0123456789abcdef", "prod", "eu-west-1");
  expect_target("arn:aws-cn:ecs:cn-north-1:123456789012:task/c5cba4eb-5dad-405e-96db-71ef8eefe6a8",
                Kind::task, "c5cba4eb-5dad-405e-96db-71ef8eefe6a8", "home", "cn-north-1");
  expect_target("arn:aws:ecs:us-east-1:123456789012:service/task/web", Kind::service, "web", "task",
                "us-east-1");
  expect_target("arn:aws:ecs:us-east-1:123456789012:service/web", Kind::service, "web", "home", "us-east-1");
}

TEST(ParseTarget, RefusesWhatIsNoneAndSaysWhatWouldBe) {
  for (const std::string_view text :
       {"", "/", "a/", "/b", "task/", "family/", "a/b/c", "a b", "a/b c", "$(id)",
        "arn:", "arn:aws:ecs:us-east-1:1:task", "arn:aws:ecs:us-east-1:1:cluster/prod",
        "arn:aws:s3:us-east-1:1:task/a/b", "arn:aws:ecs:us-east-1:1:task/a/b/c", "arn:aws:ecs::1:task/a/b",
        "arn:aws:ecs:us-east-1:1:task/a/"}) {
    const Result<Target> target = parse_target(text, "home");
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().code, FailureCode::usage) << text;
    EXPECT_THAT(target.error().hint, HasSubstr("CLUSTER/SERVICE")) << text;
  }
}

void expect_task(std::string_view text, std::string_view name, std::string_view cluster = "home") {
  const Result<Target> target = parse_task(text, "home");
  ASSERT_TRUE(target) << text << ": " << target.error().line();
  EXPECT_EQ(target->kind, Kind::task) << text;
  EXPECT_EQ(target->name, name) << text;
  EXPECT_EQ(target->cluster, cluster) << text;
}

TEST(ParseTask, TakesAnIdItsBeginningAndAnArn) {
  expect_task("0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef");
  expect_task("0123abcd", "0123abcd");
  expect_task("c5cba4eb-5dad", "c5cba4eb-5dad");
  expect_task("task/0", "0");
  expect_task("task/db", "db");
  expect_task("prod/0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef", "prod");
  expect_task("arn:aws:ecs:us-east-1:123456789012:task/prod/0123456789abcdef0123456789abcdef",
              "0123456789abcdef0123456789abcdef", "prod");
}

TEST(ParseTask, TakesNoWordThatCanBeAService) {
  for (const std::string_view text :
       {"db", "web", "abc", "0123456", "deadbee", "deadbeeg", "abcd-efab", "facade-db", "deadbeef-api",
        "prod/web", "prod/0123abcd", "family/web", "", "task/", "a b",
        "arn:aws:ecs:us-east-1:123456789012:service/prod/web"}) {
    const Result<Target> target = parse_task(text, "home");
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().code, FailureCode::usage) << text;
    EXPECT_THAT(target.error().what, HasSubstr("names no task")) << text;
  }
  EXPECT_THAT(parse_task("db", "home").error().hint,
              AllOf(HasSubstr("ferry ps home/db"), HasSubstr("task/"), HasSubstr("8 or more digits")));
}

TEST(ExpectCluster, RefusesATargetOfAnotherCluster) {
  const Result<Target> target = parse_target("prod/web", "stage");
  ASSERT_TRUE(target);
  EXPECT_TRUE(expect_cluster(*target, "prod"));
  EXPECT_TRUE(expect_cluster(*target, "arn:aws:ecs:us-east-1:123456789012:cluster/prod"));
  for (const std::string_view other : {"stage", "arn:aws:ecs:us-east-1:123456789012:cluster/stage"}) {
    const Result<> agreed = expect_cluster(*target, other);
    ASSERT_FALSE(agreed) << other;
    EXPECT_EQ(agreed.error().code, FailureCode::usage);
    EXPECT_THAT(agreed.error().line(), AllOf(HasSubstr(other), HasSubstr("service web in cluster prod")));
  }
}

TEST(WholeTaskId, IsTheNewFormOrTheOlderOne) {
  EXPECT_TRUE(is_whole_task_id("0123456789abcdef0123456789abcdef"));
  EXPECT_TRUE(is_whole_task_id("c5cba4eb-5dad-405e-96db-71ef8eefe6a8"));
  EXPECT_FALSE(is_whole_task_id("0123456789abcdef"));
  EXPECT_FALSE(is_whole_task_id("0123456789abcdef0123456789abcdeg"));
  EXPECT_FALSE(is_whole_task_id(""));
}

}  // namespace
}  // namespace ferry::feature

#include "feature/run/ephemeral_revision.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

json::object object(std::string_view text) {
  return json::parse(text).as_object();
}

// As DescribeTaskDefinition shows a revision.
json::object described() {
  return object(R"({
    "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7",
    "family": "web", "revision": 7, "status": "ACTIVE", "networkMode": "awsvpc",
    "containerDefinitions": [
      {"name": "app", "image": "web:1", "command": ["serve"], "cpu": 0, "portMappings": [],
       "environment": [{"name": "MODE", "value": "web"}, {"name": "KEPT", "value": "yes"}],
       "secrets": [{"name": "TOKEN", "valueFrom": "arn:token"}],
       "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "datadog"},
                            "secretOptions": [{"name": "apikey", "valueFrom": "arn:key"}]}},
      {"name": "router", "image": "fluent-bit", "essential": false,
       "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/router"}}}],
    "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}],
    "compatibilities": ["EC2", "FARGATE"], "requiresCompatibilities": ["FARGATE"],
    "runtimePlatform": {"cpuArchitecture": "ARM64"}, "memberOfNextYear": {"kept": true},
    "registeredAt": 1700000000.5, "registeredBy": "arn:aws:iam::123456789012:user/alice",
    "deregisteredAt": 1700000001.5, "deleteRequestedAt": 1700000002.5})");
}

RevisionChange allowed() {
  RevisionChange change;
  change.allowed = true;
  return change;
}

json::object container_in(const json::object& definition, std::size_t index) {
  return definition.at("containerDefinitions").as_array().at(index).as_object();
}

json::object long_overrides() {
  json::object overrides = object(R"({"cpu": "512", "containerOverrides": [
    {"name": "app", "command": ["./job"], "memory": 64,
     "environment": [{"name": "MODE", "value": "job"}, {"name": "TOKEN", "value": "plain"}]},
    {"name": "router", "command": ["route"]}]})");
  json::value& variables = overrides["containerOverrides"].at(0).at("environment");
  variables.as_array().push_back(json::object{{"name", "LONG"}, {"value", std::string(9000, 'x')}});
  return overrides;
}

TEST(EphemeralRevision, IsNeededForWhatRunTaskCannotOverride) {
  EXPECT_FALSE(needs_revision(allowed(), object(R"({"containerOverrides":[{"name":"app","cpu":1}]})")));
  EXPECT_TRUE(needs_revision({}, long_overrides()));
  RevisionChange change;
  change.image = "web:2";
  EXPECT_TRUE(needs_revision(change, {}));
}

TEST(EphemeralRevision, WithoutTheFlagTheFailureNamesItAndWhatNeedsIt) {
  RevisionChange change;
  change.image = "web:2";
  change.entry_point = {"/bin/sh"};
  change.secrets = {{"A", "arn:a"}};
  const auto refused = revision_from(described(), "app", change, {}, "eu-west-1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, FailureCode::usage);
  EXPECT_EQ(refused.error().what, "RunTask cannot override the image, the entry point and secrets");
  EXPECT_NE(refused.error().hint.find("--ephemeral-revision"), std::string::npos);
  EXPECT_NE(refused.error().hint.find("ferry-web"), std::string::npos);

  const auto too_long = revision_from(described(), "app", {}, long_overrides(), "eu-west-1");
  ASSERT_FALSE(too_long);
  EXPECT_NE(too_long.error().what.find("at most 8192"), std::string::npos);
  EXPECT_NE(too_long.error().hint.find("--ephemeral-revision"), std::string::npos);
}

TEST(EphemeralRevision, HasAllThatCanBeRegisteredInAFamilyOfItsOwn) {
  RevisionChange change = allowed();
  change.image = "web:2";
  const auto run = revision_from(described(), "app", change, {}, "eu-west-1");
  ASSERT_TRUE(run) << run.error().line();
  json::object expected = described();
  for (const char* member :
       {"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
        "registeredBy", "deregisteredAt", "deleteRequestedAt"})
    expected.erase(member);
  expected["family"] = "ferry-web";
  expected["containerDefinitions"].at(0).as_object()["image"] = "web:2";
  EXPECT_EQ(run->definition, expected);
  EXPECT_TRUE(run->overrides.empty());
}

TEST(EphemeralRevision, ChangesTheChosenContainerAlone) {
  RevisionChange change = allowed();
  change.entry_point = {"/bin/sh", "-c"};
  change.secrets = {{"TOKEN", "arn:other"}, {"MODE", "arn:mode"}};
  change.log_group = "/jobs";
  const auto run = revision_from(described(), "app", change, {}, "eu-west-1");
  ASSERT_TRUE(run) << run.error().line();
  const json::object app = container_in(run->definition, 0);
  EXPECT_EQ(app.at("entryPoint"), (json::array{"/bin/sh", "-c"}));
  EXPECT_EQ(app.at("command"), (json::array{"serve"}));
  // A name is a variable or a secret, never both.
  EXPECT_EQ(app.at("environment"), json::parse(R"([{"name": "KEPT", "value": "yes"}])"));
  EXPECT_EQ(app.at("secrets"), json::parse(R"([{"name": "TOKEN", "valueFrom": "arn:other"},
                                               {"name": "MODE", "valueFrom": "arn:mode"}])"));
  EXPECT_EQ(app.at("logConfiguration"), json::parse(R"({"logDriver": "awslogs", "options": {
    "awslogs-group": "/jobs", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ferry",
    "mode": "blocking"}})"));
  EXPECT_EQ(container_in(run->definition, 1), container_in(described(), 1));
}

TEST(EphemeralRevision, LogsOfEveryContainerWhereAsked) {
  RevisionChange change = allowed();
  change.log_group = "/jobs";
  change.logs_of_all_containers = true;
  const auto run = revision_from(described(), "app", change, {}, "eu-west-1");
  ASSERT_TRUE(run);
  for (const std::size_t index : {0U, 1U})
    EXPECT_EQ(container_in(run->definition, index).at("logConfiguration").at("options").at("awslogs-group"),
              "/jobs");
}

TEST(EphemeralRevision, ShortOverridesStayWithRunTask) {
  RevisionChange change = allowed();
  change.image = "web:2";
  const json::object overrides = object(
      R"({"executionRoleArn": "arn:execution", "containerOverrides": [{"name": "app", "command": ["./job"]}]})");
  const auto run = revision_from(described(), "app", change, overrides, "eu-west-1");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->overrides, overrides);
  EXPECT_EQ(container_in(run->definition, 0).at("command"), (json::array{"serve"}));
  // Registering a log driver or a secret for Fargate takes the role already.
  EXPECT_EQ(run->definition.at("executionRoleArn"), "arn:execution");
}

TEST(EphemeralRevision, LongOverridesMoveAsRunTaskWouldHaveMergedThem) {
  const auto run = revision_from(described(), "app", allowed(), long_overrides(), "eu-west-1");
  ASSERT_TRUE(run) << run.error().line();
  EXPECT_EQ(run->overrides, object(R"({"cpu": "512"})"));
  const json::object app = container_in(run->definition, 0);
  EXPECT_EQ(app.at("command"), (json::array{"./job"}));
  EXPECT_EQ(app.at("memory"), 64);
  EXPECT_EQ(app.at("name"), "app");
  json::value expected = json::parse(R"([{"name": "MODE", "value": "job"}, {"name": "KEPT", "value": "yes"},
                                         {"name": "TOKEN", "value": "plain"}])");
  expected.as_array().push_back(json::object{{"name", "LONG"}, {"value", std::string(9000, 'x')}});
  EXPECT_EQ(app.at("environment"), expected);
  EXPECT_TRUE(app.at("secrets").as_array().empty());
  EXPECT_EQ(container_in(run->definition, 1).at("command"), (json::array{"route"}));
  EXPECT_FALSE(needs_revision({}, run->overrides));
}

TEST(EphemeralRevision, RequiredResourcesMergeByType) {
  json::object definition = described();
  definition["containerDefinitions"].at(0).as_object()["resourceRequirements"] =
      json::parse(R"([{"type": "GPU", "value": "1"}, {"type": "InferenceAccelerator", "value": "a"}])");
  json::object overrides = long_overrides();
  overrides["containerOverrides"].at(0).as_object()["resourceRequirements"] =
      json::parse(R"([{"type": "GPU", "value": "4"}])");
  const auto run = revision_from(definition, "app", allowed(), overrides, "eu-west-1");
  ASSERT_TRUE(run);
  EXPECT_EQ(
      container_in(run->definition, 0).at("resourceRequirements"),
      json::parse(R"([{"type": "GPU", "value": "4"}, {"type": "InferenceAccelerator", "value": "a"}])"));
}

TEST(EphemeralRevision, AVariableIsNotBothAValueAndASecret) {
  RevisionChange change = allowed();
  change.secrets = {{"KEY", "arn:key"}};
  const json::object overrides = object(
      R"({"containerOverrides": [{"name": "app", "environment": [{"name": "KEY", "value": "plain"}]}]})");
  const auto refused = revision_from(described(), "app", change, overrides, "eu-west-1");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("KEY"), std::string::npos);
}

TEST(EphemeralRevision, AContainerThatIsNotThereAndADefinitionThatIsTooLongAreRefused) {
  RevisionChange change = allowed();
  change.image = "web:2";
  const auto missing = revision_from(described(), "db", change, {}, "eu-west-1");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().what, "web has no container 'db'");

  json::object overrides = long_overrides();
  overrides["containerOverrides"].at(0).as_object()["command"] = json::array{std::string(70'000, 'x')};
  const auto too_long = revision_from(described(), "app", allowed(), overrides, "eu-west-1");
  ASSERT_FALSE(too_long);
  EXPECT_NE(too_long.error().what.find("at most 65536"), std::string::npos);
}

TEST(EphemeralRevision, TheFamilyIsNeverLongerThanFamiliesMayBe) {
  json::object definition = described();
  definition["family"] = std::string(255, 'f');
  const auto run = revision_from(definition, "app", allowed(), long_overrides(), "eu-west-1");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->definition.at("family").as_string(), "ferry-" + std::string(249, 'f'));
}

TEST(EphemeralRevision, ForeignShapesAreNoReasonToFall) {
  const json::object odd = object(
      R"({"family": "web", "containerDefinitions": [7, {"name": "app", "environment": 1, "secrets": [1, {"name": 2}]}]})");
  RevisionChange change = allowed();
  change.secrets = {{"A", "arn:a"}};
  change.log_group = "/jobs";
  change.logs_of_all_containers = true;
  EXPECT_TRUE(revision_from(odd, "app", change, {}, "eu-west-1"));
  EXPECT_EQ(marked(odd, "m"), odd);
  EXPECT_EQ(mark_of(object(R"({"containerDefinitions": [{"dockerLabels": {"ferry.revision": 3}}]})")), "");
}

TEST(EphemeralRevision, ItsMarkIsFoundAgainBesideOtherLabels) {
  json::object definition = described();
  EXPECT_EQ(mark_of(definition), "");
  definition["containerDefinitions"].at(0).as_object()["dockerLabels"] = json::object{{"team", "blue"}};
  const json::object with_mark = marked(definition, "0123");
  EXPECT_EQ(mark_of(with_mark), "0123");
  EXPECT_EQ(container_in(with_mark, 0).at("dockerLabels").at("team"), "blue");
}

}  // namespace
}  // namespace ferry::feature

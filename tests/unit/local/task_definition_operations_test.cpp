#include "local/api/task_definition_operations.hpp"

#include "local/api/task_definition_rules.hpp"
#include "operation_runner.hpp"

#include <memory>

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace ferry::local {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

// As Terraform's aws_ecs_task_definition registers one.
constexpr std::string_view kFargate = R"({
  "family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
  "requiresCompatibilities": ["FARGATE"],
  "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
  "taskRoleArn": "arn:aws:iam::123456789012:role/task",
  "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
  "containerDefinitions": [{
    "name": "app", "image": "busybox:latest", "essential": true, "command": ["sh", "-c", "sleep 1"],
    "environment": [{"name": "A", "value": "1"}],
    "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
    "logConfiguration": {"logDriver": "awslogs", "options": {
      "awslogs-group": "/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}}}],
  "tags": [{"key": "team", "value": "x"}]})";

json::object with(std::string_view base, std::string_view member, std::string_view value) {
  json::object input = json::parse(base).as_object();
  input[member] = json::parse(value);
  return input;
}

class TaskDefinitions : public ::testing::Test {
 protected:
  json::value answer(std::string_view operation, std::string_view input) {
    auto result = run_operation(operations_, operation, input);
    EXPECT_TRUE(result) << result.error().message;
    return result ? json::value(*result) : json::value();
  }
  std::string refusal(std::string_view operation, std::string_view input) {
    const auto result = run_operation(operations_, operation, input);
    return result ? "accepted" : result.error().type + ": " + result.error().message;
  }
  void register_family(std::string_view family) {
    json::object input = json::parse(kFargate).as_object();
    input["family"] = family;
    answer("RegisterTaskDefinition", json::serialize(input));
  }

  std::unique_ptr<Database> database_ = std::move(Database::open(":memory:").value());
  Documents documents_{*database_};
  Operations operations_ = task_definition_operations(documents_, "us-east-1");
};

TEST_F(TaskDefinitions, ComeBackAsTheyWentIn) {
  const json::value input = json::parse(kFargate);
  const auto registered = answer("RegisterTaskDefinition", kFargate);
  const auto described =
      answer("DescribeTaskDefinition", R"({"taskDefinition": "web", "include": ["TAGS"]})");
  EXPECT_EQ(registered, described);
  for (const auto& member : input.as_object()) {
    const auto& shown =
        member.key() == "tags" ? described.at("tags") : described.at("taskDefinition").at(member.key());
    EXPECT_EQ(shown, member.value()) << member.key();
  }
  const auto& definition = described.at("taskDefinition");
  EXPECT_EQ(definition.at("taskDefinitionArn"), "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1");
  EXPECT_EQ(definition.at("revision"), 1);
  EXPECT_EQ(definition.at("status"), "ACTIVE");
  EXPECT_EQ(definition.at("compatibilities"), json::parse(R"(["EC2", "FARGATE"])"));
  EXPECT_TRUE(definition.at("registeredAt").is_double());
  EXPECT_FALSE(answer("DescribeTaskDefinition", R"({"taskDefinition": "web"})").as_object().contains("tags"));
}

TEST_F(TaskDefinitions, AreFoundByFamilyRevisionAndArn) {
  for (int i = 0; i < 11; ++i) register_family("web");
  register_family("web-other");
  const auto revision = [&](std::string_view reference) {
    json::object input{{"taskDefinition", reference}};
    return answer("DescribeTaskDefinition", json::serialize(input)).at("taskDefinition").at("revision");
  };
  EXPECT_EQ(revision("web"), 11);
  EXPECT_EQ(revision("web:9"), 9);
  EXPECT_EQ(revision("arn:aws:ecs:us-east-1:123456789012:task-definition/web:10"), 10);
  answer("DeregisterTaskDefinition", R"({"taskDefinition": "web:11"})");
  EXPECT_EQ(revision("web"), 10);
  EXPECT_EQ(revision("web:11"), 11) << "inactive ones can still be looked at";
  EXPECT_EQ(find_task_definition(documents_, "web:11")->definition.at("status"), "INACTIVE");
  EXPECT_FALSE(find_task_definition(documents_, "we"));
  for (const char* reference : {"nope", "web:99", "web:x", "web:0", ""}) {
    json::object input{{"taskDefinition", reference}};
    EXPECT_EQ(refusal("DescribeTaskDefinition", json::serialize(input)),
              "ClientException: Unable to describe task definition.");
  }
  register_family("web");
  EXPECT_EQ(revision("web"), 12) << "revisions are not given twice";
}

TEST_F(TaskDefinitions, AreListedInOrderOfTheirRevision) {
  for (int i = 0; i < 10; ++i) register_family("web");
  register_family("api");
  const auto arns =
      answer("ListTaskDefinitions", R"({"familyPrefix": "web", "sort": "DESC", "maxResults": 2})");
  EXPECT_EQ(arns.at("taskDefinitionArns").at(0), "arn:aws:ecs:us-east-1:123456789012:task-definition/web:10");
  EXPECT_EQ(arns.at("taskDefinitionArns").at(1), "arn:aws:ecs:us-east-1:123456789012:task-definition/web:9");
  json::object next{{"familyPrefix", "web"}, {"sort", "DESC"}, {"nextToken", arns.at("nextToken")}};
  EXPECT_EQ(answer("ListTaskDefinitions", json::serialize(next)).at("taskDefinitionArns").as_array().size(),
            8U);
  EXPECT_EQ(answer("ListTaskDefinitions", "{}").at("taskDefinitionArns").as_array().size(), 11U);
  answer("DeregisterTaskDefinition", R"({"taskDefinition": "api:1"})");
  EXPECT_EQ(
      answer("ListTaskDefinitions", R"({"status": "INACTIVE"})").at("taskDefinitionArns").as_array().size(),
      1U);
}

TEST_F(TaskDefinitions, HaveFamilies) {
  for (const char* family : {"web", "web-worker", "api"}) register_family(family);
  answer("DeregisterTaskDefinition", R"({"taskDefinition": "api:1"})");
  const auto families = [&](std::string_view input) {
    return answer("ListTaskDefinitionFamilies", input).at("families");
  };
  EXPECT_EQ(families("{}"), json::parse(R"(["api", "web", "web-worker"])"));
  EXPECT_EQ(families(R"({"familyPrefix": "web"})"), json::parse(R"(["web", "web-worker"])"));
  EXPECT_EQ(families(R"({"status": "ACTIVE"})"), json::parse(R"(["web", "web-worker"])"));
  EXPECT_EQ(families(R"({"status": "INACTIVE"})"), json::parse(R"(["api"])"));
}

TEST_F(TaskDefinitions, AreDeregisteredOnce) {
  register_family("web");
  EXPECT_THAT(refusal("DeregisterTaskDefinition", R"({"taskDefinition": "web"})"),
              HasSubstr("ClientException"));
  const auto gone = answer("DeregisterTaskDefinition", R"({"taskDefinition": "web:1"})").at("taskDefinition");
  EXPECT_EQ(gone.at("status"), "INACTIVE");
  EXPECT_THAT(refusal("DeregisterTaskDefinition", R"({"taskDefinition": "web:1"})"), HasSubstr("inactive"));
  EXPECT_THAT(refusal("DeregisterTaskDefinition", R"({"taskDefinition": "web:7"})"),
              HasSubstr("does not exist"));
}

struct BadDefinition {
  std::string_view member, value, says;
};

void PrintTo(const BadDefinition& one, std::ostream* out) {
  *out << one.member << " " << one.value;
}
class RegisterRefuses : public TaskDefinitions, public ::testing::WithParamInterface<BadDefinition> {};

TEST_P(RegisterRefuses, InTheServicesWords) {
  EXPECT_THAT(
      refusal("RegisterTaskDefinition", json::serialize(with(kFargate, GetParam().member, GetParam().value))),
      HasSubstr(GetParam().says));
  EXPECT_TRUE(answer("ListTaskDefinitions", "{}").at("taskDefinitionArns").as_array().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Rules, RegisterRefuses,
    ::testing::Values(
        BadDefinition{"family", "null", "ClientException: Family"},
        BadDefinition{"family", R"("a b")", "ClientException: Family contains invalid characters."},
        BadDefinition{"containerDefinitions", "null", "ClientException: Container list cannot be empty."},
        BadDefinition{"containerDefinitions", "[]", "ClientException: Container list cannot be empty."},
        BadDefinition{"containerDefinitions", R"([{"image": "x"}])",
                      "ClientException: Container.name should not be null or empty."},
        BadDefinition{"containerDefinitions", R"([{"name": "a"}])",
                      "ClientException: Container.image should not be null or empty."},
        BadDefinition{"containerDefinitions",
                      R"([{"name": "a", "image": "x", "environment": [{"name": "A", "value": 1}]}])",
                      "SerializationException: NUMBER_VALUE can not be converted to a String "
                      "(member containerDefinitions[0].environment[0].value)"},
        BadDefinition{"containerDefinitions", R"([{"name": "a", "image": "x"}, {"name": "a", "image": "x"}])",
                      "Duplicate container name 'a'"},
        BadDefinition{"containerDefinitions", R"([{"name": "a", "image": "x", "essential": false}])",
                      "at least one essential container"},
        BadDefinition{"networkMode", R"("bogus")", "ClientException: Invalid value 'bogus' for networkMode."},
        BadDefinition{"networkMode", R"("bridge")", "ClientException: Fargate only supports network mode"},
        BadDefinition{"cpu", "null",
                      "ClientException: Fargate requires that 'cpu' be defined at the task level."},
        BadDefinition{"memory", "null",
                      "ClientException: Fargate requires that 'memory' be defined at the task level."},
        BadDefinition{"cpu", R"("lots")", "ClientException: Invalid 'cpu' setting for task."},
        BadDefinition{"cpu", "256", "SerializationException: NUMBER_VALUE can not be converted to a String"},
        BadDefinition{
            "memory", R"("4096")",
            "ClientException: No Fargate configuration exists for given values: 256 CPU, 4096 memory."},
        BadDefinition{"requiresCompatibilities", R"(["LAMBDA"])",
                      "ClientException: Invalid value 'LAMBDA'"}));

TEST(TaskSizes, AreReadInEitherUnit) {
  EXPECT_EQ(task_cpu_units("256"), 256);
  EXPECT_EQ(task_cpu_units("1 vCPU"), 1024);
  EXPECT_EQ(task_cpu_units(".5 vcpu"), 512);
  EXPECT_EQ(task_cpu_units("0.25vCPU"), 256);
  EXPECT_EQ(task_memory_mib("512"), 512);
  EXPECT_EQ(task_memory_mib("1GB"), 1024);
  EXPECT_EQ(task_memory_mib("0.5 GB"), 512);
  for (const char* text : {"", "-1", "vCPU", "x vCPU", "1 GB", "1.5.5 vCPU", "- vCPU"}) {
    EXPECT_EQ(task_cpu_units(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ferry::local

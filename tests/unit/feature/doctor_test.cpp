// Seeded misconfigurations: from a healthy service one change (or two with a clear first cause), and the
// first thing that the doctor must find.
#include "doctor_facts.hpp"
#include "feature/doctor/diagnose.hpp"

#include <functional>

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

using testing::HasSubstr;
using testing::Not;

using Change = std::function<void(Facts&)>;

Failure denied(const std::string& call) {
  return {.code = FailureCode::denied,
          .what = "AccessDenied: no (" + call + ")",
          .hint = {},
          .service_code = "AccessDenied"};
}

Failure no_such_role() {
  return {.code = FailureCode::refused, .what = "NoSuchEntity", .hint = {}, .service_code = "NoSuchEntity"};
}

struct Case {
  std::string name;
  Change change;
  std::string check;      // of the first wrong finding
  std::string what;       // part of it
  std::string line;       // part of the lines of its fix
  std::string terraform;  // part of its Terraform fix; empty where it has none
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}

void isolate(Facts& facts) {
  facts.network->default_route = DefaultRoute::none;
}

void log_to(Facts& facts, const std::string& group, const std::string& bucket) {
  facts.cluster->is_logging_asked_for = true;
  facts.cluster->logging = "OVERRIDE";
  facts.cluster->log_group = group;
  facts.cluster->bucket = bucket;
}

constexpr const char* kKey = "arn:aws:kms:eu-west-1:123456789012:key/1234";

std::vector<Case> target_cases() {
  return {
      {"Region", [](Facts& f) { f.target.region = "us-east-1"; }, "region", "us-east-1",
       "AWS_REGION=us-east-1", ""},
      {"NoCluster", [](Facts& f) { f.cluster->status = "MISSING"; }, "cluster", "no cluster prod",
       "ferry api ecs ListClusters --region eu-west-1", ""},
      {"ClusterDeleted", [](Facts& f) { f.cluster->status = "INACTIVE"; }, "cluster",
       "any more in cluster prod", "ferry api ecs ListClusters", ""},
      {"NoService",
       [](Facts& f) {
         f.service->reset();
         f.task->reset();
       },
       "target", "no service web", R"(ferry api ecs ListServices '{"cluster":"prod")", ""},
      {"ServiceDeleted", [](Facts& f) { service_of(f).status = "INACTIVE"; }, "target", "INACTIVE",
       "ferry api ecs ListServices", ""},
      {"NoTask",
       [](Facts& f) {
         f.target.kind = Target::Kind::task;
         f.task->reset();
       },
       "target", "no task web", "ferry ps prod --region eu-west-1", ""},
      {"NoFamily",
       [](Facts& f) {
         f.target.kind = Target::Kind::family;
         f.task->reset();
         f.definition->reset();
       },
       "target", "no family web", "ferry api ecs ListTaskDefinitionFamilies", ""},
      {"NoDefinition",
       [](Facts& f) {
         f.task_definition_asked = "web:9";
         f.definition->reset();
       },
       "target", "task definition web:9", "ferry api ecs ListTaskDefinitionFamilies", ""},
      {"NoContainer", [](Facts& f) { f.container = "sidecar"; }, "target", "no container 'sidecar'", "", ""},
      {"NothingWanted",
       [](Facts& f) {
         f.task->reset();
         service_of(f).desired_count = 0;
       },
       "task", "wants no tasks", R"({"cluster":"prod","service":"web","desiredCount":1})",
       "desired_count = 1"},
      {"NothingRuns",
       [](Facts& f) {
         f.task->reset();
         service_of(f).newest_event = "unable to place a task";
       },
       "task", "runs none of the 1", "events[:5]", ""},
      {"TaskStopped", [](Facts& f) { task_of(f).last_status = task_of(f).desired_status = "STOPPED"; },
       "task", "is STOPPED", "ferry ps prod/web --region eu-west-1", ""},
      {"TaskStopping",
       [](Facts& f) {
         task_of(f).desired_status = "STOPPED";
         f.service->reset();
         f.target.kind = Target::Kind::task;
       },
       "task", "is RUNNING", "ferry run --cluster prod --enable-execute-command --detach", ""},
      {"OldPlatform", [](Facts& f) { task_of(f).platform_version = "1.3.0"; }, "platform", "1.3.0",
       R"({"cluster":"prod","service":"web","platformVersion":"LATEST","forceNewDeployment":true})",
       "platform_version = \"LATEST\""},
      {"OldPlatformOfAService",
       [](Facts& f) {
         f.task->reset();
         service_of(f).platform_version = "1.3.0";
         service_of(f).desired_count = 0;
       },
       "task", "wants no tasks", R"({"cluster":"prod","service":"web","desiredCount":1})", "desired_count"},
  };
}

std::vector<Case> task_cases() {
  return {
      {"ExecOff", [](Facts& f) { service_of(f).exec_enabled = task_of(f).exec_enabled = false; },
       "exec-enabled", "not enabled for service web",
       "ferry enable-exec --cluster prod web --region eu-west-1", "enable_execute_command = true"},
      {"TaskOlderThanExec", [](Facts& f) { task_of(f).exec_enabled = false; }, "exec-enabled",
       "but not for task",
       R"(ferry api ecs UpdateService '{"cluster":"prod","service":"web","forceNewDeployment":true}')",
       "force_new_deployment"},
      {"LoneTaskWithoutExec",
       [](Facts& f) {
         f.service->reset();
         f.target.kind = Target::Kind::task;
         task_of(f).exec_enabled = false;
       },
       "exec-enabled", "not enabled for task", "ferry run --cluster prod --enable-execute-command", ""},
      {"ReadOnlyRoot", [](Facts& f) { definition_of(f).containers[0].has_read_only_root = true; },
       "container", "read-only", "readonlyRootFilesystem = false", "readonlyRootFilesystem = false"},
      {"KeysInEnvironment",
       [](Facts& f) {
         definition_of(f).containers[0].variables = {"PATH", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"};
       },
       "container", "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY",
       "IN(\"AWS_ACCESS_KEY_ID\", \"AWS_SECRET_ACCESS_KEY\")", "leave AWS_ACCESS_KEY_ID"},
      {"SessionTokenAsSecret",
       [](Facts& f) { definition_of(f).containers[0].variables = {"AWS_SESSION_TOKEN"}; }, "container",
       "AWS_SESSION_TOKEN", "ferry api ecs RegisterTaskDefinition - --region eu-west-1", "AWS_SESSION_TOKEN"},
      {"KeysInOverrides",
       [](Facts& f) {
         f.service->reset();
         f.target.kind = Target::Kind::task;
         task_of(f).containers[0].override_variables = {"AWS_ACCESS_KEY_ID"};
       },
       "container", "AWS_ACCESS_KEY_ID", "ferry run --cluster prod --enable-execute-command", ""},
      {"AgentStopped",
       [](Facts& f) {
         task_of(f).containers[0].agent_status = "STOPPED";
         task_of(f).containers[0].agent_reason = "Received Container Exited event";
       },
       "agent", "is STOPPED", R"("forceNewDeployment":true)", "force_new_deployment"},
      {"ContainerStopped",
       [](Facts& f) {
         f.container = "app";
         task_of(f).containers[0].last_status = "STOPPED";
       },
       "agent", "container app has stopped", R"("forceNewDeployment":true)", "force_new_deployment"},
      {"TwoSessions", [](Facts& f) { f.open_sessions = std::vector<std::string>{"alice-1", "bob-2"}; },
       "sessions", "2 of 2", R"(ferry api ssm TerminateSession '{"SessionId":"alice-1"}')", ""},
      {"OneSessionInASharedNamespace",
       [](Facts& f) {
         definition_of(f).pid_mode = "task";
         f.open_sessions = std::vector<std::string>{"alice-1"};
       },
       "sessions", "1 of 1", "ssm TerminateSession", ""},
  };
}

std::vector<Case> rights_cases() {
  return {
      {"NoTaskRole", [](Facts& f) { definition_of(f).task_role_arn.clear(); }, "task-role",
       "web:3 has no task role", ".taskRoleArn = \"arn:aws:iam::123456789012:role/web-task\"",
       "task_role_arn"},
      {"NoTaskRoleAndNoExec",
       [](Facts& f) {
         definition_of(f).task_role_arn.clear();
         service_of(f).exec_enabled = task_of(f).exec_enabled = false;
       },
       "task-role", "no task role", "ferry api iam CreateRole", "aws_iam_role"},
      {"TaskRoleDeleted", [](Facts& f) { f.task_role = fail(no_such_role()); }, "task-role",
       "web-task does not exist",
       R"(ferry api iam CreateRole '{"RoleName":"web-task","AssumeRolePolicyDocument":"{\")",
       "assume_role_policy"},
      {"TrustsEcsItself", [](Facts& f) { f.task_role->trust = trusting("ecs.amazonaws.com"); },
       "trust-policy", "web-task",
       R"(ferry api iam UpdateAssumeRolePolicy '{"RoleName":"web-task","PolicyDocument":"{\")",
       "ecs-tasks.amazonaws.com"},
      {"TrustsInstances", [](Facts& f) { f.task_role->trust = trusting("ec2.amazonaws.com"); },
       "trust-policy", "may not assume", "ec2.amazonaws.com", "ecs-tasks.amazonaws.com"},
      {"TrustsAnotherAccount",
       [](Facts& f) {
         f.task_role->trust =
             trusting("ecs-tasks.amazonaws.com", R"({"StringEquals":{"aws:SourceAccount":"999999999999"}})");
       },
       "trust-policy", "may not assume", "ferry api iam UpdateAssumeRolePolicy", "assume_role_policy"},
      {"TrustsAnotherRegion",
       [](Facts& f) {
         f.task_role->trust =
             trusting("ecs-tasks.amazonaws.com",
                      R"({"ArnLike":{"aws:SourceArn":"arn:aws:ecs:us-east-1:123456789012:*"}})");
       },
       "trust-policy", "may not assume", "ferry api iam UpdateAssumeRolePolicy", "assume_role_policy"},
      {"NoRights", [](Facts& f) { f.task_role->policies = {allowing("logs", "logs:*")}; }, "exec-rights",
       "CreateControlChannel", R"(ferry api iam PutRolePolicy '{"RoleName":"web-task","PolicyName":")",
       "ssmmessages:OpenDataChannel"},
      {"NoPolicies", [](Facts& f) { f.task_role->policies.clear(); }, "exec-rights", "may not ssmmessages",
       "ferry api iam PutRolePolicy", "aws_iam_role_policy"},
      {"OneRightShort",
       [](Facts& f) {
         f.task_role->policies = {allowing("a", "ssmmessages:Create*"),
                                  allowing("b", "ssmmessages:OpenDataChannel"), allowing("logs", "logs:*")};
       },
       "exec-rights", "may not ssmmessages:OpenControlChannel", "ferry api iam PutRolePolicy",
       "OpenControlChannel"},
      {"RightsOnTheWrongResource",
       [](Facts& f) {
         f.task_role->policies[0] =
             allowing("exec", "ssmmessages:*", "arn:aws:ecs:eu-west-1:123456789012:cluster/prod");
       },
       "exec-rights", "CreateControlChannel", R"(\"Resource\":\"*\")", "\"Resource\":\"*\""},
      {"RightsOfTheOldService", [](Facts& f) { f.task_role->policies[0] = allowing("exec", "ssm:*"); },
       "exec-rights", "CreateControlChannel", "ferry api iam PutRolePolicy", "ssmmessages"},
      {"RightsOnTheExecutionRole",
       [](Facts& f) {
         f.execution_role->policies.push_back(f.task_role->policies[0]);
         f.task_role->policies.erase(f.task_role->policies.begin());
       },
       "exec-rights", "on the execution role web-execution, not on the task role web-task",
       R"(ferry api iam DeleteRolePolicy '{"RoleName":"web-execution","PolicyName":"exec"}')",
       "web-execution"},
      {"RightsAmongOthersOnTheExecutionRole",
       [](Facts& f) {
         f.execution_role->policies = {allowing("all", "*")};
         f.task_role->policies.erase(f.task_role->policies.begin());
       },
       "exec-rights", "on the execution role", "# then take ssmmessages out of policy all", "put"},
      {"DeniedExplicitly",
       [](Facts& f) { f.task_role->policies.push_back(denying("guard", "ssmmessages:Open*")); },
       "exec-rights", "is denied", "policy guard, statement No", "take the Deny out"},
      {"DeniedByNotAction",
       [](Facts& f) {
         f.task_role->policies.push_back(
             policy("only-s3", R"({"Statement":[{"Effect":"Deny","NotAction":"s3:*","Resource":"*"}]})"));
       },
       "exec-rights", "is denied", "only-s3, statement 1", "Deny"},
      {"BoundaryLacksThem", [](Facts& f) { f.task_role->boundary = allowing("limits", "s3:*"); },
       "exec-rights", "permissions boundary", "ferry api iam CreatePolicyVersion", "ssmmessages"},
      {"CallerMayNot", [](Facts& f) { f.caller.may_execute = false; }, "caller",
       "user/alice may not ecs:ExecuteCommand", R"(ferry api iam PutUserPolicy '{"UserName":"alice")",
       "aws_iam_user_policy"},
      {"CallerMayNotOpenTheChannel", [](Facts& f) { f.caller.may_open_channel = false; }, "channel",
       "may not ssmmessages:OpenDataChannel on "
       "arn:aws:ssm:eu-west-1:123456789012:session/ecs-execute-command-*",
       R"(ferry api iam PutUserPolicy '{"UserName":"alice")", "session/ecs-execute-command-*"},
      {"CallersRoleMayNot",
       [](Facts& f) {
         f.caller.may_execute = false;
         f.caller.arn = "arn:aws:sts::123456789012:assumed-role/ops/alice";
       },
       "caller", "may not ecs:ExecuteCommand", R"(ferry api iam PutRolePolicy '{"RoleName":"ops")",
       "aws_iam_role_policy"},
  };
}

std::vector<Case> network_and_cluster_cases() {
  return {
      {"NoWayOut", isolate, "network", "cannot reach ssmmessages from subnet subnet-1",
       R"({"VpcEndpointType":"Interface","VpcId":"vpc-1","ServiceName":"com.amazonaws.eu-west-1.ssmmessages","PrivateDnsEnabled":true,"SubnetId":["subnet-1"],"SecurityGroupId":["sg-task"]})",
       "aws_vpc_endpoint"},
      {"NoPublicAddress", [](Facts& f) { f.network->default_route = DefaultRoute::internet_gateway; },
       "network", "cannot reach ssmmessages", R"("assignPublicIp":"ENABLED")", "assign_public_ip = true"},
      {"NoPublicAddressOnAnInstance",
       [](Facts& f) {
         f.network->default_route = DefaultRoute::internet_gateway;
         service_of(f).launch_type = task_of(f).launch_type = "EC2";
       },
       "network", "cannot reach ssmmessages", "ferry api ec2 CreateVpcEndpoint", "aws_vpc_endpoint"},
      {"NatIsGone", [](Facts& f) { f.network->default_route = DefaultRoute::blackhole; }, "network",
       "cannot reach ssmmessages", "ferry api ec2 CreateVpcEndpoint", "aws_vpc_endpoint"},
      {"EndpointOfAnotherService",
       [](Facts& f) {
         isolate(f);
         f.network->endpoints = std::vector{endpoint_to("ssm"), endpoint_to("ec2messages")};
       },
       "network", "cannot reach ssmmessages", "ferry api ec2 CreateVpcEndpoint", "ssmmessages"},
      {"EndpointStillPending",
       [](Facts& f) {
         isolate(f);
         VpcEndpoint e = endpoint_to("ssmmessages");
         e.state = "pendingacceptance";
         f.network->endpoints = std::vector{e};
       },
       "network", "cannot reach ssmmessages", "ferry api ec2 CreateVpcEndpoint", "ssmmessages"},
      {"PrivateDnsOff",
       [](Facts& f) {
         isolate(f);
         VpcEndpoint e = endpoint_to("ssmmessages");
         e.has_private_dns = false;
         f.network->endpoints = std::vector{e};
       },
       "network", "private DNS off",
       R"(ferry api ec2 ModifyVpcEndpoint '{"VpcEndpointId":"vpce-ssmmessages","PrivateDnsEnabled":true}')",
       "private_dns_enabled = true"},
      {"EndpointClosed",
       [](Facts& f) {
         f.network->endpoints = std::vector{endpoint_to("ssmmessages")};
         (*f.network->groups)[1].inbound[0].peers = {"sg-other", "10.9.0.0/16"};
       },
       "network", "closed to the task",
       R"({"GroupId":"sg-endpoint","IpPermissions":[{"IpProtocol":"tcp","FromPort":443,"ToPort":443,"Groups":[{"GroupId":"sg-task"}]}]})",
       "sg-endpoint"},
      {"EndpointOpenOnAnotherPort",
       [](Facts& f) {
         f.network->endpoints = std::vector{endpoint_to("ssmmessages")};
         (*f.network->groups)[1].inbound[0].to_port = (*f.network->groups)[1].inbound[0].from_port = 80;
       },
       "network", "closed to the task", R"("ToPort":443)", "443"},
      {"NothingMayLeave", [](Facts& f) { (*f.network->groups)[0].outbound.clear(); }, "network",
       "may send nothing", R"(ferry api ec2 AuthorizeSecurityGroupEgress '{"GroupId":"sg-task")",
       "aws_vpc_security_group_egress_rule"},
      {"NoWayToTheKeys",
       [](Facts& f) {
         isolate(f);
         f.network->endpoints = std::vector{endpoint_to("ssmmessages")};
         f.cluster->kms_key = kKey;
         f.task_role->policies.push_back(allowing("key", "kms:Decrypt", kKey));
       },
       "network", "cannot reach kms", "com.amazonaws.eu-west-1.kms", "aws_vpc_endpoint"},
      {"MayNotDecrypt", [](Facts& f) { f.cluster->kms_key = kKey; }, "encryption", "may not kms:Decrypt",
       kKey, "kms:Decrypt"},
      {"MayDecryptWithAnotherKey",
       [](Facts& f) {
         f.cluster->kms_key = kKey;
         f.task_role->policies.push_back(
             allowing("key", "kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/other"));
       },
       "encryption", "may not kms:Decrypt", kKey, kKey},
      {"CallerMayNotMakeKeys",
       [](Facts& f) {
         f.cluster->kms_key = kKey;
         f.task_role->policies.push_back(allowing("key", "kms:*"));
         f.caller.may_generate_data_key = false;
       },
       "caller", "may not kms:GenerateDataKey", kKey, "kms:GenerateDataKey"},
      {"NoLogGroup",
       [](Facts& f) {
         log_to(f, "/exec", "");
         f.log_group_exists = false;
       },
       "logging", "no log group /exec", R"(ferry api logs CreateLogGroup '{"logGroupName":"/exec"}')",
       "aws_cloudwatch_log_group"},
      {"MayNotLog",
       [](Facts& f) {
         log_to(f, "/exec", "");
         f.task_role->policies.pop_back();
       },
       "logging", "logs:PutLogEvents", "log-group:/exec:*", "logs:CreateLogStream"},
      {"MayNotLogByDefault",
       [](Facts& f) {
         f.cluster->is_logging_asked_for = true;
         f.task_role->policies.pop_back();
       },
       "logging", "logs:PutLogEvents", "log-group:/web:*", "logs:CreateLogStream"},
      {"MayNotWriteTheBucket", [](Facts& f) { log_to(f, "", "audit"); }, "logging", "s3:PutObject",
       "arn:aws:s3:::audit/*", "s3:GetEncryptionConfiguration"},
      {"MayNotSeeTheBucketsEncryption",
       [](Facts& f) {
         log_to(f, "", "audit");
         f.task_role->policies.push_back(allowing("put", "s3:PutObject"));
       },
       "logging", "may not s3:GetEncryptionConfiguration", "arn:aws:s3:::audit",
       "s3:GetEncryptionConfiguration"},
  };
}

std::vector<Case> cases_with_two_changes() {
  return {
      {"ExecOffAndNoRights",
       [](Facts& f) {
         service_of(f).exec_enabled = task_of(f).exec_enabled = false;
         f.task_role->policies.clear();
       },
       "exec-enabled", "service web", "ferry enable-exec --cluster prod web", "enable_execute_command"},
      {"NoRightsSoTheAgentStopped",
       [](Facts& f) {
         f.task_role->policies.clear();
         task_of(f).containers[0].agent_status = "STOPPED";
       },
       "exec-rights", "may not", "ferry api iam PutRolePolicy", "ssmmessages"},
      {"WrongTrustAndNoRights",
       [](Facts& f) {
         f.task_role->policies.clear();
         f.task_role->trust = trusting("ec2.amazonaws.com");
       },
       "trust-policy", "may not assume", "ferry api iam UpdateAssumeRolePolicy", "assume_role_policy"},
      {"NoWayOutSoTheAgentStopped",
       [](Facts& f) {
         isolate(f);
         task_of(f).containers[0].agent_status = "STOPPED";
       },
       "network", "cannot reach", "ferry api ec2 CreateVpcEndpoint", "aws_vpc_endpoint"},
      {"StoppedAndOldPlatform",
       [](Facts& f) {
         task_of(f).last_status = task_of(f).desired_status = "STOPPED";
         task_of(f).platform_version = "1.3.0";
       },
       "task", "is STOPPED", "ferry ps prod/web", ""},
  };
}

class Misconfiguration : public testing::TestWithParam<Case> {};

TEST_P(Misconfiguration, IsFoundFirstWithItsFix) {
  Facts facts = healthy();
  GetParam().change(facts);
  const std::vector<Finding> findings = diagnose(facts);
  const Finding* first = first_wrong(findings);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->check, GetParam().check) << first->what;
  EXPECT_THAT(first->what, HasSubstr(GetParam().what));
  EXPECT_FALSE(first->why.empty());
  EXPECT_THAT(first->fixes.commands, HasSubstr(GetParam().line));
  EXPECT_THAT(first->fixes.terraform,
              HasSubstr(GetParam().terraform == "put" ? "ssmmessages" : GetParam().terraform));
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Target, Misconfiguration, testing::ValuesIn(target_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Task, Misconfiguration, testing::ValuesIn(task_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Rights, Misconfiguration, testing::ValuesIn(rights_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Around, Misconfiguration, testing::ValuesIn(network_and_cluster_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(TwoAtOnce, Misconfiguration, testing::ValuesIn(cases_with_two_changes()), name_of);

struct Variant {
  std::string name;
  Change change;
};

void PrintTo(const Variant& one, std::ostream* out) {
  *out << one.name;
}

std::vector<Variant> healthy_variants() {
  return {
      {"AsItIs", [](Facts&) {}},
      {"OnInstances",
       [](Facts& f) {
         service_of(f).launch_type = task_of(f).launch_type = "EC2";
         definition_of(f).network_mode = "bridge";
         f.network = fail(denied("ec2"));
       }},
      {"Anywhere", [](Facts& f) { service_of(f).launch_type = task_of(f).launch_type = "EXTERNAL"; }},
      {"ManagedInstances",
       [](Facts& f) { service_of(f).launch_type = task_of(f).launch_type = "MANAGED_INSTANCES"; }},
      {"WindowsOnFargate",
       [](Facts& f) {
         task_of(f).platform_family = "Windows Server 2022 Core";
         task_of(f).platform_version = "1.0.0";
         definition_of(f).os_family = "WINDOWS_SERVER_2022_CORE";
       }},
      {"NewerPlatform", [](Facts& f) { task_of(f).platform_version = "1.10.0"; }},
      {"PublicSubnetWithAddress",
       [](Facts& f) {
         f.network->default_route = DefaultRoute::internet_gateway;
         f.network->has_public_address = true;
       }},
      {"IsolatedWithEndpoint",
       [](Facts& f) {
         isolate(f);
         f.network->endpoints = std::vector{endpoint_to("ssmmessages")};
       }},
      {"IsolatedWithEndpointByGroup",
       [](Facts& f) {
         isolate(f);
         f.network->endpoints = std::vector{endpoint_to("ssmmessages")};
         (*f.network->groups)[1].inbound[0].peers = {"sg-task"};
       }},
      {"EndpointWithoutPrivateDnsBesideNat",
       [](Facts& f) {
         VpcEndpoint e = endpoint_to("ssmmessages");
         e.has_private_dns = false;
         f.network->endpoints = std::vector{e};
       }},
      {"TransitGateway", [](Facts& f) { f.network->default_route = DefaultRoute::other; }},
      {"IamUnreadable",
       [](Facts& f) {
         f.task_role = fail(denied("iam GetRole"));
         f.execution_role = fail(denied("iam GetRole"));
       }},
      {"NetworkUnreadable", [](Facts& f) { f.network = fail(denied("ec2 DescribeSubnets")); }},
      {"EndpointsUnreadable",
       [](Facts& f) {
         isolate(f);
         f.network->endpoints = fail(denied("ec2 DescribeVpcEndpoints"));
       }},
      {"GroupsUnreadable", [](Facts& f) { f.network->groups = fail(denied("ec2 DescribeSecurityGroups")); }},
      {"CallerUnreadable",
       [](Facts& f) { f.caller.may_execute = fail(denied("iam SimulatePrincipalPolicy")); }},
      {"ChannelRightUnreadable",
       [](Facts& f) { f.caller.may_open_channel = fail(denied("iam SimulatePrincipalPolicy")); }},
      {"ClusterUnreadable", [](Facts& f) { f.cluster = fail(denied("ecs DescribeClusters")); }},
      {"SessionsUnreadable", [](Facts& f) { f.open_sessions = fail(denied("ssm DescribeSessions")); }},
      {"DefinitionUnreadable", [](Facts& f) { f.definition = fail(denied("ecs DescribeTaskDefinition")); }},
      {"BoundaryUnreadable", [](Facts& f) { f.task_role->boundary = fail(denied("iam GetPolicy")); }},
      {"BoundaryThatAllows", [](Facts& f) { f.task_role->boundary = allowing("limits", "*"); }},
      {"ConditionOnTheRights",
       [](Facts& f) {
         f.task_role->policies[0] = policy(
             "exec",
             R"({"Statement":[{"Effect":"Allow","Action":"ssmmessages:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]})");
       }},
      {"DenyWithACondition",
       [](Facts& f) {
         f.task_role->policies.push_back(policy(
             "deny",
             R"({"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]})"));
       }},
      {"TrustWithTheAdvisedConditions",
       [](Facts& f) {
         f.task_role->trust = trusting(
             "ecs-tasks.amazonaws.com",
             R"({"ArnLike":{"aws:SourceArn":"arn:aws:ecs:eu-west-1:123456789012:*"},"StringEquals":{"aws:SourceAccount":"123456789012"}})");
       }},
      {"RightsInLowerCase", [](Facts& f) { f.task_role->policies[0] = allowing("exec", "SSMMessages:*"); }},
      {"RightsByNotAction",
       [](Facts& f) {
         f.task_role->policies[0] =
             policy("most", R"({"Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}]})");
       }},
      {"SameRoleForBoth",
       [](Facts& f) { definition_of(f).execution_role_arn = definition_of(f).task_role_arn; }},
      {"OverriddenTaskRole",
       [](Facts& f) {
         task_of(f).task_role_override = "arn:aws:iam::123456789012:role/web-task";
         definition_of(f).task_role_arn.clear();
       }},
      {"KeyWithRights",
       [](Facts& f) {
         f.cluster->kms_key = kKey;
         f.task_role->policies.push_back(allowing("key", "kms:Decrypt", kKey));
       }},
      {"KeyByAlias",
       [](Facts& f) {
         f.cluster->kms_key = "alias/exec";
         f.task_role->policies.push_back(allowing("key", "kms:Decrypt", kKey));
       }},
      {"LoggingNone",
       [](Facts& f) {
         f.cluster->is_logging_asked_for = true;
         f.cluster->logging = "NONE";
         f.task_role->policies.pop_back();
       }},
      {"DefaultLoggingThatNobodyAskedFor", [](Facts& f) { f.task_role->policies.pop_back(); }},
      {"LoggingToAGroup", [](Facts& f) { log_to(f, "/exec", ""); }},
      {"LoggingToABucket",
       [](Facts& f) {
         log_to(f, "", "audit");
         f.task_role->policies.push_back(allowing("s3", "s3:*"));
       }},
      {"OneSession", [](Facts& f) { f.open_sessions = std::vector<std::string>{"alice-1"}; }},
      {"AgentPending", [](Facts& f) { task_of(f).containers[0].agent_status = "PENDING"; }},
      {"TaskPending", [](Facts& f) { task_of(f).last_status = "PENDING"; }},
      {"SidecarDone",
       [](Facts& f) {
         ContainerState init;
         init.name = "init";
         init.last_status = "STOPPED";
         task_of(f).containers.push_back(init);
       }},
      {"ExecTurnedOffForLaterTasks", [](Facts& f) { service_of(f).exec_enabled = false; }},
      {"WithoutInitProcess", [](Facts& f) { definition_of(f).containers[0].has_init_process = false; }},
      {"SharedProcesses", [](Facts& f) { definition_of(f).pid_mode = "task"; }},
      {"OtherContainersKeys",
       [](Facts& f) {
         ContainerDefinitionFacts other;
         other.name = "other";
         other.variables = {"AWS_ACCESS_KEY_ID"};
         definition_of(f).containers.push_back(other);
         f.container = "app";
       }},
      {"TaskDefinitionAlone",
       [](Facts& f) {
         f.task_definition_asked = "web:3";
         f.cluster = ClusterFacts{};
         f.service->reset();
         f.task->reset();
         f.network = fail(denied("nothing"));
         f.target.kind = Target::Kind::family;
       }},
      {"LoneTask",
       [](Facts& f) {
         f.service->reset();
         f.target.kind = Target::Kind::task;
       }},
  };
}

class HealthyVariant : public testing::TestWithParam<Variant> {};

TEST_P(HealthyVariant, HasNothingWrong) {
  Facts facts = healthy();
  GetParam().change(facts);
  const std::vector<Finding> findings = diagnose(facts);
  const Finding* first = first_wrong(findings);
  EXPECT_EQ(first, nullptr) << first->check << ": " << first->what << ": " << first->why;
  EXPECT_FALSE(findings.empty());
}

INSTANTIATE_TEST_SUITE_P(All, HealthyVariant, testing::ValuesIn(healthy_variants()),
                         [](const testing::TestParamInfo<Variant>& info) { return info.param.name; });

TEST(Doctor, AHealthyServiceLeavesNothingOpen) {
  for (const Finding& finding : diagnose(healthy())) {
    EXPECT_EQ(finding.verdict, Verdict::ok) << finding.check << ": " << finding.what << ": " << finding.why;
  }
}

// Of the first finding of that check.
Verdict verdict_of(const Facts& facts, std::string_view check) {
  for (const Finding& finding : diagnose(facts)) {
    if (finding.check == check) return finding.verdict;
  }
  return Verdict::cannot_tell;
}

TEST(Doctor, AdviceIsNotOk) {
  struct Advice {
    Change change;
    std::string_view check;
  };
  const std::vector<Advice> all{
      {[](Facts& f) { definition_of(f).containers[0].has_init_process = false; }, "container"},
      {[](Facts& f) { service_of(f).exec_enabled = false; }, "exec-enabled"},
      {[](Facts& f) { f.task_role->policies.pop_back(); }, "logging"},
      {[](Facts& f) { service_of(f).launch_type = task_of(f).launch_type = "EXTERNAL"; }, "platform"},
  };
  for (const Advice& advice : all) {
    Facts facts = healthy();
    EXPECT_EQ(verdict_of(facts, advice.check), Verdict::ok) << advice.check;
    advice.change(facts);
    EXPECT_EQ(verdict_of(facts, advice.check), Verdict::advice) << advice.check;
  }
}

TEST(Doctor, AReadOnlyRootIsFineWhereTheAgentsFoldersAreWritable) {
  const auto judged = [](std::vector<std::string> mounts) {
    Facts facts = healthy();
    definition_of(facts).containers[0].has_read_only_root = true;
    definition_of(facts).containers[0].writable_mounts = std::move(mounts);
    return verdict_of(facts, "container");
  };
  EXPECT_EQ(judged({"/var/lib/amazon/ssm", "/var/log/amazon/ssm", "/managed-agents"}), Verdict::ok);
  EXPECT_EQ(judged({"/var/log/", "/var/lib/amazon"}), Verdict::ok) << "what holds the folders does";
  EXPECT_EQ(judged({"/var"}), Verdict::ok);
  EXPECT_EQ(judged({"/"}), Verdict::ok);
  EXPECT_EQ(judged({}), Verdict::wrong);
  EXPECT_EQ(judged({"/var/lib/amazon/ssm"}), Verdict::wrong) << "one of two";
  EXPECT_EQ(judged({"/var/lib/amazon/ssm-other", "/var/lo"}), Verdict::wrong) << "other names";
  EXPECT_EQ(judged({"/var/lib/amazon/ssm/data", "/var/log/amazon/ssm/old"}), Verdict::wrong) << "within them";
}

TEST(Doctor, WhatCannotBeReadIsSaidWithItsReason) {
  Facts facts = healthy();
  facts.task_role = fail(denied("iam GetRole"));
  std::vector<std::string> unknown;
  for (const Finding& finding : diagnose(facts)) {
    if (finding.verdict != Verdict::cannot_tell) continue;
    unknown.push_back(finding.check);
    EXPECT_THAT(finding.why, HasSubstr("iam GetRole"));
  }
  EXPECT_THAT(unknown, testing::ElementsAre("trust-policy", "exec-rights", "logging"));
}

TEST(Doctor, TheTrustPolicysOtherPrincipalsStayInTheFix) {
  Facts facts = healthy();
  facts.task_role->trust = trusting("lambda.amazonaws.com");
  const std::vector<Finding> findings = diagnose(facts);
  ASSERT_NE(first_wrong(findings), nullptr);
  EXPECT_THAT(first_wrong(findings)->fixes.commands, HasSubstr("lambda.amazonaws.com"));
  EXPECT_THAT(first_wrong(findings)->fixes.commands, HasSubstr("ecs-tasks.amazonaws.com"));
}

TEST(Doctor, TheLinesNameTheProfileAndEachServicesEndpoint) {
  Facts facts = healthy();
  facts.profile = "ops team";
  facts.service_endpoints = {{"iam", "http://127.0.0.1:5000"}};
  facts.task_role->policies.clear();
  std::vector<Finding> findings = diagnose(facts);
  ASSERT_NE(first_wrong(findings), nullptr);
  EXPECT_THAT(
      first_wrong(findings)->fixes.commands,
      testing::EndsWith(" --region eu-west-1 --profile 'ops team' --endpoint-url http://127.0.0.1:5000"));
  facts = healthy();
  facts.service_endpoints = {{"iam", "http://127.0.0.1:5000"}};
  task_of(facts).exec_enabled = service_of(facts).exec_enabled = false;
  findings = diagnose(facts);
  ASSERT_NE(first_wrong(findings), nullptr);
  EXPECT_THAT(first_wrong(findings)->fixes.commands, Not(HasSubstr("--endpoint-url")));
}

TEST(Doctor, TwoFixesOnOneRoleAreTwoPolicies) {
  Facts facts = healthy();
  log_to(facts, "/exec", "audit");
  facts.task_role->policies.pop_back();
  std::string commands;
  for (const Finding& finding : diagnose(facts)) commands += finding.fixes.commands;
  EXPECT_THAT(commands, HasSubstr(R"("PolicyName":"ferry-logging-logs")"));
  EXPECT_THAT(commands, HasSubstr(R"("PolicyName":"ferry-logging-s3")"));
}

TEST(Doctor, NoFixNeedsTheAwsCli) {
  for (const std::vector<Case>& cases :
       {target_cases(), task_cases(), rights_cases(), network_and_cluster_cases()}) {
    for (const Case& one : cases) {
      Facts facts = healthy();
      one.change(facts);
      for (const Finding& finding : diagnose(facts))
        EXPECT_THAT(finding.fixes.commands, Not(testing::ContainsRegex("(^|[ \n|])aws "))) << one.name;
    }
  }
}

TEST(Doctor, AnExecutionRolesOtherRightsAreNotTakenAway) {
  Facts facts = healthy();
  facts.execution_role->policies = {allowing("all", "*")};
  facts.task_role->policies.erase(facts.task_role->policies.begin());
  const std::vector<Finding> findings = diagnose(facts);
  ASSERT_NE(first_wrong(findings), nullptr);
  EXPECT_THAT(first_wrong(findings)->fixes.commands, Not(HasSubstr("DeleteRolePolicy")));
}

}  // namespace
}  // namespace ferry::feature

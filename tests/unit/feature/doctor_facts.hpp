// A service in which everything is as exec needs it, for tests that change one thing.
#pragma once

#include "feature/doctor/facts.hpp"

#include <string>

namespace ferry::feature {

inline constexpr const char* kTaskArn =
    "arn:aws:ecs:eu-west-1:123456789012:task/prod/0123456789abcdef0123456789abcdef";

inline Policy policy(const std::string& name, const std::string& text) {
  return parse_policy(name, "", text).value();
}

inline Policy allowing(const std::string& name, const std::string& action,
                       const std::string& resource = "*") {
  return policy(name, R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":")" + action +
                          R"(","Resource":")" + resource + R"("}]})");
}

inline Policy denying(const std::string& name, const std::string& action) {
  return policy(name,
                R"({"Statement":{"Sid":"No","Effect":"Deny","Action":")" + action + R"(","Resource":"*"}})");
}

inline Policy trusting(const std::string& service, const std::string& condition = "{}") {
  return policy("trust policy", R"({"Statement":[{"Effect":"Allow","Principal":{"Service":")" + service +
                                    R"("},"Action":"sts:AssumeRole","Condition":)" + condition + "}]}");
}

inline RoleFacts role(const std::string& name) {
  RoleFacts facts;
  facts.name = name;
  facts.arn = "arn:aws:iam::123456789012:role/" + name;
  facts.trust = trusting("ecs-tasks.amazonaws.com");
  return facts;
}

inline NetworkFacts healthy_network() {
  NetworkFacts network;
  network.subnet = "subnet-1";
  network.subnet_range = "10.0.1.0/24";
  network.vpc = "vpc-1";
  network.task_groups = {"sg-task"};
  network.default_route = DefaultRoute::nat;
  network.groups = std::vector<SecurityGroup>{
      {.id = "sg-task",
       .inbound = {},
       .outbound = {{.protocol = "-1", .from_port = 0, .to_port = 65'535, .peers = {"0.0.0.0/0"}}}},
      {.id = "sg-endpoint",
       .inbound = {{.protocol = "tcp", .from_port = 443, .to_port = 443, .peers = {"10.0.0.0/16"}}},
       .outbound = {}}};
  return network;
}

inline VpcEndpoint endpoint_to(const std::string& service) {
  return {.id = "vpce-" + service,
          .service = "com.amazonaws.eu-west-1." + service,
          .state = "available",
          .has_private_dns = true,
          .security_groups = {"sg-endpoint"}};
}

inline Facts healthy() {
  Facts facts;
  facts.target.cluster = "prod";
  facts.target.name = "web";
  facts.region = "eu-west-1";

  facts.cluster->name = "prod";
  facts.cluster->arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/prod";
  facts.cluster->status = "ACTIVE";

  ServiceFacts service;
  service.name = "web";
  service.status = "ACTIVE";
  service.launch_type = "FARGATE";
  service.platform_version = "LATEST";
  service.exec_enabled = true;
  service.desired_count = 1;
  service.placement =
      VpcPlacement{.subnets = {"subnet-1"}, .security_groups = {"sg-task"}, .has_public_address = false};
  facts.service = service;

  TaskFacts task;
  task.arn = kTaskArn;
  task.id = last_part(kTaskArn);
  task.last_status = task.desired_status = "RUNNING";
  task.launch_type = "FARGATE";
  task.platform_version = "1.4.0";
  task.platform_family = "Linux";
  task.service = "web";
  task.exec_enabled = true;
  ContainerState container;
  container.name = "app";
  container.last_status = container.agent_status = "RUNNING";
  task.containers = {container};
  facts.task = task;

  TaskDefinitionFacts definition;
  definition.arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3";
  definition.family = "web";
  definition.revision = 3;
  definition.task_role_arn = "arn:aws:iam::123456789012:role/web-task";
  definition.execution_role_arn = "arn:aws:iam::123456789012:role/web-execution";
  definition.network_mode = "awsvpc";
  ContainerDefinitionFacts app;
  app.name = "app";
  app.has_init_process = true;
  app.log_driver = "awslogs";
  app.log_group = "/web";
  definition.containers = {app};
  facts.definition = definition;

  facts.task_role = role("web-task");
  facts.task_role->policies = {allowing("exec", "ssmmessages:*"), allowing("logs", "logs:*")};
  facts.execution_role = role("web-execution");
  facts.execution_role->policies = {allowing("start", "ecr:*")};
  facts.network = healthy_network();
  facts.log_group_exists = true;
  facts.caller.arn = "arn:aws:iam::123456789012:user/alice";
  facts.caller.may_execute = facts.caller.may_generate_data_key = facts.caller.may_open_channel = true;
  return facts;
}

inline ServiceFacts& service_of(Facts& facts) {
  return **facts.service;
}
inline TaskFacts& task_of(Facts& facts) {
  return **facts.task;
}
inline TaskDefinitionFacts& definition_of(Facts& facts) {
  return **facts.definition;
}

}  // namespace ferry::feature

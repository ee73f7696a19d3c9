// The words of the doctor's fixes: lines of ferry and Terraform, with the real names filled in. Pure.
#pragma once

#include "feature/doctor/facts.hpp"
#include "feature/doctor/finding.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace ferry::feature {

// "ferry api ecs UpdateService '{...}' --region eu-west-1": one call, its input as `ferry api` takes it (for
// EC2 the names of its query API), with the profile that was named and the service's endpoint where that is
// not AWS's own.
std::string ferry_line(const Facts& facts, std::string_view service, std::string_view operation,
                       const boost::json::object& input = {});

// "ferry ps prod --region eu-west-1": another command, which asks ECS. `words` are quoted here.
std::string ferry_line(const Facts& facts, const std::vector<std::string>& words);

// UpdateService on the target's service, with these members beside its name.
std::string update_service(const Facts& facts, const ServiceFacts& service, boost::json::object changes);

// [{"IpProtocol": "tcp", "FromPort": 443, ...}]: HTTPS with that group, as EC2's query API names it, or with
// that range of addresses.
boost::json::array https_with_group(std::string_view group);
boost::json::array https_with_range(std::string_view range);

// A Terraform resource that is there already, with the lines to have in it.
std::string terraform_in(std::string_view type, std::string_view name, std::string_view lines);

// {"Version": ..., "Statement": [...]} of one Allow.
boost::json::object allow_document(const std::vector<std::string>& actions,
                                   const std::vector<std::string>& resources);

// An inline policy of that document on the role.
Fixes grant(const Facts& facts, std::string_view role, std::string_view policy_name,
            const boost::json::object& document);

// A new revision of the task definition: `jq` edits it, `terraform` are the lines of its resource. Where the
// target is a service, the service takes the new revision.
Fixes new_revision(const Facts& facts, std::string_view jq, std::string_view terraform);

// Exec enabled on the service with new tasks; for a task without a service, how to start another one, on
// that platform version of Fargate where one is named.
Fixes enable_exec(const Facts& facts, std::string_view platform_version = {});

// jsonencode(...) of the document, with Terraform's own interpolation kept away.
std::string terraform_json(const boost::json::value& value);

}  // namespace ferry::feature

// The words of the doctor's fixes: AWS CLI lines and Terraform, with the real names filled in. Pure.
#pragma once

#include "feature/doctor/facts.hpp"
#include "feature/doctor/finding.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::feature {

// One word for a POSIX shell.
std::string shell_word(std::string_view text);

// "aws ecs update-service ... --region eu-west-1", with the endpoint where it is not AWS's own.
std::string aws_line(const Facts& facts, std::string_view words);

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

// Exec enabled on the service with new tasks; for a task without a service, how to start another one.
Fixes enable_exec(const Facts& facts);

// jsonencode(...) of the document, with Terraform's own interpolation kept away.
std::string terraform_json(const boost::json::value& value);

}  // namespace ferry::feature

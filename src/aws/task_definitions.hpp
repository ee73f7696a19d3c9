// The operations on task definitions that take or give a whole one: as JSON in the API's own shape, so that
// no member is lost on the way. The loop's thread only.
#pragma once

#include "aws/client.hpp"

#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::aws::ecs {

// `taskDefinition` of DescribeTaskDefinition's answer.
net::Task<Result<boost::json::object>> describe_whole_task_definition(Client& client,
                                                                      std::string task_definition);
// The ARN of the new revision. A lost answer is not asked for again: every call makes a revision.
net::Task<Result<std::string>> register_task_definition(Client& client, boost::json::object definition,
                                                        net::Event* called_off = nullptr);
net::Task<Result<>> deregister_task_definition(Client& client, std::string arn);
// The ARNs of a family's ACTIVE revisions, the newest first, at most 100.
net::Task<Result<std::vector<std::string>>> list_newest_revisions(Client& client, std::string family);

}  // namespace ferry::aws::ecs

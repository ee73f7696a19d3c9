// Credentials in what others answer: programs, metadata services, STS, IAM Identity Center.
// Pure; foreign text never throws, and failures never quote it.
#pragma once

#include "aws/credential_source.hpp"
#include "base/result.hpp"

#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::aws {

// The output of a credential process: Version 1, as the AWS CLI's documentation has it.
Result<Credentials> credentials_of_process(std::string_view output);
// AccessKeyId, SecretAccessKey, Token and Expiration, as container and instance metadata give them.
Result<Credentials> credentials_of_metadata(std::string_view body);
// The Credentials member of AssumeRole's answers.
Result<Credentials> credentials_of_sts(const boost::json::object& answer);
// GetRoleCredentials' answer.
Result<Credentials> credentials_of_identity_center(std::string_view body);

}  // namespace ferry::aws

// A call as an HTTP request, and an HTTP response as the call's answer: JSON 1.1 for ecs, logs, ssm and
// kms, the query protocol with XML answers for sts and iam, EC2's own dialect of it for ec2. Pure.
#pragma once

#include "aws/retry.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"
#include "net/http.hpp"
#include "net/url.hpp"

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::aws {

// Unsigned, with Host. Fails (usage) for an operation that is no name. The members of an ec2 input carry the
// names of EC2's query API, whose lists are in the singular: {"SubnetId": ["subnet-1"]}.
Result<net::HttpRequest> make_request(Service service, std::string_view operation,
                                      const boost::json::object& input, const net::Url& endpoint);

// The output's members, or the failure: a service's refusal keeps its name in service_code and reads
// "NAME: message (ecs RunTask)".
Result<boost::json::object> read_answer(Service service, std::string_view operation,
                                        const net::HttpResponse& response);

// Letters, digits and -._~ as they are, any other byte as %XX: for queries and forms.
std::string form_encoded(std::string_view text);

// What a failure of net::HttpClient, or a failed read_answer() of a response with `status`, means for a
// repetition. `status` is 0 where there was no response.
AttemptEnd attempt_end(const Failure& failure, int status);

}  // namespace ferry::aws

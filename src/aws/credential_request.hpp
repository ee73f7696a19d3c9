// Requests to services that give credentials, or what leads to them, without a signature: container and
// instance metadata, IAM Identity Center. Bounded by the attempts and time-outs of the question.
#pragma once

#include "aws/observer.hpp"
#include "aws/retry.hpp"
#include "base/result.hpp"
#include "net/http_client.hpp"
#include "net/loop.hpp"
#include "net/url.hpp"

#include <string>

namespace ferry::aws {

struct Question {
  std::string service, operation;  // as the observer is told
  net::Url url;
  net::HttpRequest request;  // the URL's target counts
  CallLimits limits;
  // Whether the body of an answer with status 200 is one; where it is not, it is asked for again.
  bool (*is_answer)(const std::string& body) = [](const std::string&) { return true; };
};

bool is_not_empty(const std::string& body);
bool is_json_object(const std::string& body);

// The last answer, whatever its status, or why there was none. Asked again, as often as the limits say, where
// no answer came, or 429 or 5xx, or one that is none. The observer and the client outlive the call.
net::Task<Result<net::HttpResponse>> ask(net::Loop& loop, net::HttpClient& http, Observer& observer,
                                         Question question);

}  // namespace ferry::aws

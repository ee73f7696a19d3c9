// IAM policy documents and what they allow, as far as that can be told from the documents alone: effects,
// actions and resources with wildcards, principals, and conditions on the few context keys that the caller
// knows. What cannot be told (other conditions, policy variables) stays unknown, never a guess. Pure; bounded
// by the documents, which IAM keeps below 10,240 characters each.
#pragma once

#include "base/result.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::feature {

struct PolicyStatement {
  std::string id;  // its Sid; empty where it has none
  bool allows = true;
  bool is_not_action = false, is_not_resource = false;
  std::vector<std::string> actions;    // of Action or NotAction
  std::vector<std::string> resources;  // of Resource or NotResource; empty in trust policies
  std::vector<std::string> services;   // Principal's Service; "*" for everybody
  bool has_not_principal = false;
  boost::json::object conditions;
};

struct Policy {
  std::string name;  // as IAM has it
  std::string arn;   // empty for one that is inline in the role
  std::string text;  // the document
  std::vector<PolicyStatement> statements;
};

// `text` is the JSON document. Failure `protocol` where it is none.
Result<Policy> parse_policy(std::string name, std::string arn, std::string_view text);

// IAM sends documents URL-encoded (RFC 3986). Malformed escapes stay as they are.
std::string url_decoded(std::string_view text);

// IAM's wildcards: * is any text, ? any one character.
bool matches_wildcard(std::string_view pattern, std::string_view text);

struct AccessQuestion {
  std::string action;     // "ssmmessages:OpenDataChannel"
  std::string resource;   // an ARN; "*" for actions that know no resources; unused in trust policies
  std::string principal;  // a service, for trust policies; empty otherwise
  std::map<std::string, std::string> context;  // known condition keys in lower case
};

enum class Access {
  allowed,
  not_allowed,        // nothing allows it
  explicitly_denied,  // a Deny does
  unknown,            // it depends on what the documents don't say
};

struct AccessRuling {
  Access access = Access::not_allowed;
  std::string because;  // "policy NAME, statement SID": what decided; empty where nothing did
};

// What all policies of one identity together say.
AccessRuling evaluate(std::span<const Policy> policies, const AccessQuestion& question);

}  // namespace ferry::feature

// The GET that opens a data channel's websocket: whether it is signed, for which region, with which headers,
// and what a refusal of it means.
// Origin: aws/session-manager-plugin, communicator/websocketchannel.go (1.2.764.0 and later). Pure,
// thread-safe.
#pragma once

#include "base/failure.hpp"
#include "base/time.hpp"
#include "wire/sigv4.hpp"

#include <string>
#include <string_view>

namespace ferry::wire {

// The signing name of data channels.
inline constexpr std::string_view channel_service = "ssmmessages";

// How one connection is opened.
enum class ChannelOpening {
  with_signature,       // in the request's headers
  presigned,            // its address holds a signature already
  unsigned_by_choice,   // the user wants none
  without_credentials,  // there is nothing to sign with
};

// `target` is path and query. What is presigned is left as it is, whatever the user wants.
ChannelOpening channel_opening(std::string_view target, bool is_unsigned_by_choice, bool has_credentials);

// True where the query has any parameter of a presigned URL.
bool is_presigned(std::string_view target);

// The region that the host of a stream's address names: "ssmmessages.REGION.amazonaws.com", those of other
// partitions, and the names of VPC endpoints; empty where it names none.
std::string region_of_channel(std::string_view host);

// The region of an ARN; empty where there is none in it.
std::string region_of_arn(std::string_view arn);

// What to add to the GET; `authority` is its Host header as sent.
sigv4::Headers sign_channel(std::string_view authority, std::string_view target,
                            const sigv4::Identity& identity, std::string_view region, WallTime now);

// Who opened a channel, and how, for the words about its refusal.
struct ChannelOpener {
  ChannelOpening opening = ChannelOpening::with_signature;
  std::string access_key_id, source;  // of the credentials
  std::string region;                 // of the signature
  std::string session_arn;            // what the right to open it is given on; may have wildcards
};

// "arn:aws:ssm:REGION:ACCOUNT:session/ecs-execute-command-*" for a session of ECS, from an ARN of its task or
// cluster. Without one, and for other sessions, as close as it can be known.
std::string session_resource(std::string_view arn, std::string_view region, std::string_view session_id);

// True where the service refused the opening for its signature or for the signer's rights: HTTP 401 and 403,
// and the errors' names with any other status.
bool is_refused_for_signature(const Failure& refusal);

// Of those: because the signer's temporary credentials have expired.
bool is_refused_as_expired(const Failure& refusal);

// A refused opening with its reason: who signed, from where his key is, and what to do. It is `denied` where
// the signature is why: trying the same again changes nothing. Other failures are returned as they are.
Failure explain_refused_channel(Failure refusal, const ChannelOpener& opener);

}  // namespace ferry::wire

#include "wire/channel_opening.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::wire {
namespace {

constexpr std::string_view open_action = "ssmmessages:OpenDataChannel";

constexpr std::array<std::string_view, 7> presign_parameters{
    "X-Amz-Algorithm",     "X-Amz-Credential", "X-Amz-Date",          "X-Amz-Expires",
    "X-Amz-SignedHeaders", "X-Amz-Signature",  "X-Amz-Security-Token"};

// What services answer to a signature, with or without "Exception" at the end.
constexpr std::array<std::string_view, 9> signature_errors{
    "AccessDenied",         "ExpiredToken",          "IncompleteSignature",
    "InvalidClientTokenId", "InvalidSignature",      "MissingAuthenticationToken",
    "RequestExpired",       "SignatureDoesNotMatch", "UnrecognizedClient"};

std::string_view without_exception(std::string_view name) {
  constexpr std::string_view suffix = "Exception";
  if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  return name;
}

// "eu-west-1", "us-isob-east-1": what stands in a host name may be anything else.
bool looks_like_region(std::string_view label) {
  const std::vector<std::string_view> parts = split(label, '-');
  const auto is_word = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= 'a' && c <= 'z'; });
  };
  const auto is_number = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  return parts.size() >= 3 && is_number(parts.back()) && std::all_of(parts.begin(), parts.end() - 1, is_word);
}

std::string_view part_of_arn(std::string_view arn, std::size_t index) {
  const std::vector<std::string_view> parts = split(arn, ':');
  return parts.size() >= 6 && parts[0] == "arn" ? parts[index] : std::string_view();
}

std::string partition_of(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  return region.starts_with("us-gov-") ? "aws-us-gov" : "aws";
}

std::string hint_for_signer(std::string_view error, const ChannelOpener& opener) {
  const std::string_view name = without_exception(error);
  if (name == "ExpiredToken") return "get new temporary credentials";
  if (name == "UnrecognizedClient" || name == "InvalidClientTokenId")
    return "the endpoint does not know this access key: check the credentials and the endpoint";
  if (name == "AccessDenied" || name.empty()) {
    return fmt::format(
        "the caller needs {} on {}; --unsigned-channel opens it without a signature, while AWS still takes "
        "that",
        open_action, opener.session_arn);
  }
  return "check the secret access key and this machine's clock; --unsigned-channel opens it without a "
         "signature";
}

}  // namespace

ChannelOpening channel_opening(std::string_view target, bool is_unsigned_by_choice, bool has_credentials) {
  if (is_presigned(target)) return ChannelOpening::presigned;
  if (is_unsigned_by_choice) return ChannelOpening::unsigned_by_choice;
  return has_credentials ? ChannelOpening::with_signature : ChannelOpening::without_credentials;
}

bool is_presigned(std::string_view target) {
  const std::size_t question_mark = target.find('?');
  if (question_mark == std::string_view::npos) return false;
  return std::ranges::any_of(split(target.substr(question_mark + 1), '&'), [](std::string_view pair) {
    return std::ranges::find(presign_parameters, pair.substr(0, pair.find('='))) != presign_parameters.end();
  });
}

std::string region_of_channel(std::string_view host) {
  const std::vector<std::string_view> labels = split(host, '.');
  const auto service = std::ranges::find_if(
      labels, [](std::string_view label) { return label == channel_service || label == "ssmmessages-fips"; });
  if (service == labels.end() || service + 1 == labels.end()) return {};
  const std::string_view region = *(service + 1);
  return looks_like_region(region) ? std::string(region) : std::string();
}

std::string region_of_arn(std::string_view arn) {
  return std::string(part_of_arn(arn, 3));
}

sigv4::Headers sign_channel(std::string_view authority, std::string_view target,
                            const sigv4::Identity& identity, std::string_view region, WallTime now) {
  const sigv4::Headers headers{{"Host", std::string(authority)}};
  const sigv4::Request request{.method = "GET", .target = target, .headers = headers, .body = {}};
  return sigv4::sign(request, identity, {.region = region, .service = channel_service}, now);
}

std::string session_resource(std::string_view arn, std::string_view region, std::string_view session_id) {
  constexpr std::string_view prefix_of_ecs = "ecs-execute-command-";
  const std::string_view partition = part_of_arn(arn, 1), account = part_of_arn(arn, 4);
  return fmt::format("arn:{}:ssm:{}:{}:session/{}", partition.empty() ? partition_of(region) : partition,
                     region.empty() ? "*" : region, account.empty() ? "*" : account,
                     session_id.starts_with(prefix_of_ecs) ? "ecs-execute-command-*" : session_id);
}

bool is_refused_for_signature(const Failure& refusal) {
  return refusal.code == FailureCode::denied ||
         std::ranges::find(signature_errors, without_exception(refusal.service_code)) !=
             signature_errors.end();
}

bool is_refused_as_expired(const Failure& refusal) {
  return without_exception(refusal.service_code) == "ExpiredToken";
}

Failure explain_refused_channel(Failure refusal, const ChannelOpener& opener) {
  if (!is_refused_for_signature(refusal)) return refusal;
  refusal.code = FailureCode::denied;
  switch (opener.opening) {
    case ChannelOpening::with_signature:
      refusal.what += fmt::format(" (signed for {} with key {} of {})", opener.region, opener.access_key_id,
                                  opener.source);
      refusal.hint = hint_for_signer(refusal.service_code, opener);
      break;
    case ChannelOpening::without_credentials:
      refusal.what += " (it was not signed, for want of credentials)";
      refusal.hint = fmt::format("give credentials that allow {} on {}", open_action, opener.session_arn);
      break;
    case ChannelOpening::unsigned_by_choice:
      refusal.what += " (it was not signed, as --unsigned-channel wants it)";
      refusal.hint = "leave that out, or take FERRY_UNSIGNED_CHANNEL out of the environment";
      break;
    case ChannelOpening::presigned:
      refusal.what += " (its address came with a signature)";
      break;
  }
  return refusal;
}

}  // namespace ferry::wire

#include "aws/instance_metadata.hpp"

#include "aws/credential_answer.hpp"
#include "aws/credential_request.hpp"
#include "base/text.hpp"
#include "net/clock.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

constexpr std::chrono::minutes kShortestUse{15};

int positive_or(std::string_view text, int otherwise) {
  constexpr std::int64_t kMost = 3600;
  const std::optional<std::int64_t> number = parse_integer(text);
  return number && *number > 0 && *number <= kMost ? static_cast<int>(*number) : otherwise;
}

Question question_for(const InstanceMetadataSource& instance, const net::Url& base, std::string path) {
  Question question;
  question.service = "metadata";
  question.operation = path;
  question.url = base;
  question.url.target = std::move(path);
  question.limits = {.max_attempts = instance.attempts,
                     .first_backoff = milliseconds(0),
                     .longest_backoff = milliseconds(0)};
  return question;
}

Result<std::string> body_of(const Result<net::HttpResponse>& response, const Question& question) {
  if (!response) return fail(response.error());
  if (response->status == 200 && question.is_answer(response->body)) return response->body;
  return fail(response->status == 200 ? FailureCode::protocol : FailureCode::refused,
              fmt::format("{} answered {} with {}", question.url.authority(), question.operation,
                          response->status == 200 ? "nonsense" : fmt::format("status {}", response->status)));
}

// One instance's metadata, for as long as its token is good: the calls of one fetch.
class Metadata {
 public:
  Metadata(net::Loop& loop, Observer& observer, const InstanceMetadataSource& instance)
      : loop_(loop),
        observer_(observer),
        instance_(instance),
        http_(loop, nullptr,
              {.connect_timeout = instance.timeout,
               .answer_timeout = instance.timeout,
               .max_answer_bytes = 1U << 20U}) {}

  net::Task<Result<>> open() {
    Result<net::Url> base = net::parse_url(instance_.endpoint);
    if (!base) co_return fail(base.error().in("the instance metadata endpoint"));
    base_ = std::move(*base);
    while (base_.target.ends_with('/')) base_.target.pop_back();
    Question question = question_for(instance_, base_, base_.target + "/latest/api/token");
    question.request.method = "PUT";
    question.request.headers.emplace_back("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    question.is_answer = is_not_empty;
    const Result<net::HttpResponse> response = co_await ask(loop_, http_, observer_, question);
    Result<std::string> token = body_of(response, question);
    if (!token) co_return fail(token.error());
    token_ = std::move(*token);
    co_return Result<>();
  }

  net::Task<Result<std::string>> get(std::string path, bool (*is_answer)(const std::string& body)) {
    Question question = question_for(instance_, base_, base_.target + path);
    question.request.headers.emplace_back("x-aws-ec2-metadata-token", token_);
    question.is_answer = is_answer;
    const Result<net::HttpResponse> response = co_await ask(loop_, http_, observer_, question);
    co_return body_of(response, question);
  }

 private:
  net::Loop& loop_;
  Observer& observer_;
  const InstanceMetadataSource& instance_;
  net::HttpClient http_;
  net::Url base_;
  std::string token_;
};

}  // namespace

std::optional<InstanceMetadataSource> find_instance_metadata(const Profile& profile,
                                                             const Environment& environment) {
  if (equals_ignoring_case(environment_value(environment, "AWS_EC2_METADATA_DISABLED"), "true"))
    return std::nullopt;
  const auto value = [&](std::string_view variable, std::string_view option) {
    return find_setting(environment, profile, variable, option).value;
  };
  InstanceMetadataSource instance;
  instance.endpoint = value("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
  if (instance.endpoint.empty()) {
    const std::string mode =
        value("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
    instance.endpoint =
        equals_ignoring_case(mode, "ipv6") ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  }
  constexpr int kMostAttempts = 10;
  instance.timeout =
      seconds(positive_or(value("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout"), 1));
  instance.attempts =
      std::min(kMostAttempts,
               positive_or(value("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts"), 1));
  return instance;
}

net::Task<Result<std::string>> region_of_instance(net::Loop& loop, Observer& observer,
                                                  const InstanceMetadataSource& instance) {
  Metadata metadata(loop, observer, instance);
  const Result<> opened = co_await metadata.open();
  if (!opened) co_return fail(opened.error());
  const Result<std::string> zone =
      co_await metadata.get("/latest/meta-data/placement/availability-zone/", is_not_empty);
  if (!zone) co_return fail(zone.error());
  // Of the zone's name, as the AWS CLI takes it: "eu-west-1a".
  const std::string_view name = trim(*zone);
  co_return std::string(name.substr(0, name.size() - 1));
}

net::Task<Result<Credentials>> fetch_from_instance(net::Loop& loop, Observer& observer,
                                                   const InstanceMetadataSource& instance) {
  constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
  Metadata metadata(loop, observer, instance);
  const Result<> opened = co_await metadata.open();
  if (!opened && !instance.others.empty()) {
    co_return fail(
        FailureCode::not_found,
        fmt::format("{}, and there is no instance metadata ({})", instance.others, opened.error().what),
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or add a profile with `aws configure`; for "
        "the local endpoint: eval \"$(ferry local env)\"");
  }
  if (!opened) co_return fail(opened.error());
  const Result<std::string> role = co_await metadata.get(std::string(kRoles), is_not_empty);
  if (!role) co_return fail(role.error().in("the instance has no role"));
  const Result<std::string> body =
      co_await metadata.get(fmt::format("{}{}", kRoles, trim(*role)), is_json_object);
  if (!body) co_return fail(body.error());
  Result<Credentials> credentials = credentials_of_metadata(*body);
  if (credentials && credentials->expires_at)
    credentials->expires_at = std::max(*credentials->expires_at, net::wall_now() + kShortestUse);
  co_return credentials;
}

}  // namespace ferry::aws

// fetch_from_container() and fetch_from_instance(): credentials that the platform gives out over HTTP.
#include "aws/credential_answer.hpp"
#include "aws/credential_fetch.hpp"
#include "base/text.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

constexpr int kContainerAttempts = 3;

net::HttpClientLimits limits_of(milliseconds timeout) {
  return {.connect_timeout = timeout, .answer_timeout = timeout, .max_answer_bytes = 1U << 20U};
}

// One body, which may hold keys, or why there is none. Asked so many times where no answer or one of 5xx
// came.
net::Task<Result<Secret>> ask(net::Loop& loop, net::HttpClient& http, net::Url url, net::HttpRequest request,
                              int attempts) {
  request.target = url.target;
  Failure last;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (attempt > 0) co_await net::sleep_for(loop, seconds(1));
    Result<net::HttpResponse> response = co_await http.send(url, request);
    if (response && response->status == 200) co_return std::move(response->body);
    if (response) {
      last = Failure{.code = FailureCode::refused,
                     .what = fmt::format("{} answered with status {}", url.authority(), response->status),
                     .hint = {},
                     .service_code = {}};
      if (response->status < 500) break;
    } else {
      last = response.error();
    }
  }
  co_return fail(std::move(last));
}

// As botocore has it: over plain HTTP a token goes only to this machine and the addresses of ECS and EKS.
bool may_be_asked(const net::Url& url) {
  constexpr std::array<std::string_view, 5> kHosts{"169.254.170.2", "169.254.170.23", "fd00:ec2::23",
                                                   "localhost", "::1"};
  return url.is_secure() || url.host.starts_with("127.") ||
         std::ranges::find(kHosts, url.host) != kHosts.end();
}

Result<Secret> token_of(const ContainerSource& container) {
  Secret token = container.token;
  if (!container.token_file.empty()) {
    std::ifstream file(container.token_file, std::ios::binary);
    if (!file)
      return fail(FailureCode::not_found, fmt::format("the token in {} cannot be read", container.token_file),
                  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names it");
    token = std::string(std::istreambuf_iterator<char>(file), {});
  }
  if (token.reveal().find_first_of("\r\n") != std::string::npos)
    return fail(FailureCode::usage, "the container's authorization token has a line end in it");
  return token;
}

}  // namespace

net::Task<Result<Credentials>> fetch_from_container(net::Loop& loop, const net::Network& network,
                                                    const ContainerSource& container) {
  const Result<net::Url> url = net::parse_url(container.url);
  if (!url) co_return fail(url.error());
  if (!may_be_asked(*url)) {
    co_return fail(
        FailureCode::usage, fmt::format("'{}' is not asked for credentials without TLS", url->host),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI may name https, or an address of this machine, ECS or EKS");
  }
  const Result<Secret> token = token_of(container);
  if (!token) co_return fail(token.error());
  net::HttpRequest request;
  request.headers.emplace_back("Accept", "application/json");
  if (!token->empty()) request.headers.emplace_back("Authorization", token->reveal());
  // It is for this machine alone, and so is the token that it is asked with.
  const net::Network direct{.trust = network.trust, .proxies = {}};
  net::HttpClient http(loop, &direct, limits_of(seconds(2)));
  const Result<Secret> body = co_await ask(loop, http, *url, std::move(request), kContainerAttempts);
  if (!body) co_return fail(body.error());
  co_return credentials_of_metadata(body->reveal());
}

net::Task<Result<Credentials>> fetch_from_instance(net::Loop& loop, const InstanceMetadataSource& instance) {
  constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
  Result<net::Url> url = net::parse_url(instance.endpoint);
  if (!url) co_return fail(url.error().in("the instance metadata endpoint"));
  net::HttpClient http(loop, nullptr, limits_of(instance.timeout));
  net::HttpRequest for_token{.method = "PUT", .target = {}, .headers = {}, .body = {}};
  for_token.headers.emplace_back("x-aws-ec2-metadata-token-ttl-seconds", "21600");
  url->target = "/latest/api/token";
  const Result<Secret> token = co_await ask(loop, http, *url, std::move(for_token), instance.attempts);
  if (!token && !instance.others.empty()) {
    co_return fail(
        FailureCode::not_found,
        fmt::format("{}, and there is no instance metadata ({})", instance.others, token.error().what),
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or add a profile with `aws configure`; for "
        "the local endpoint: eval \"$(ferry local env)\"");
  }
  if (!token) co_return fail(token.error());
  net::HttpRequest request;
  request.headers.emplace_back("x-aws-ec2-metadata-token", token->reveal());
  url->target = kRoles;
  const Result<Secret> role = co_await ask(loop, http, *url, request, instance.attempts);
  if (!role) co_return fail(role.error().in("the instance has no role"));
  url->target = fmt::format("{}{}", kRoles, trim(role->reveal()));
  const Result<Secret> body = co_await ask(loop, http, *url, std::move(request), instance.attempts);
  if (!body) co_return fail(body.error());
  co_return credentials_of_metadata(body->reveal());
}

}  // namespace ferry::aws

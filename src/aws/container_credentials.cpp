// fetch_from_container(): credentials that ECS or EKS gives a container over HTTP.
#include "aws/credential_answer.hpp"
#include "aws/credential_fetch.hpp"
#include "aws/credential_request.hpp"
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

// botocore's: three attempts of two seconds each, a second apart at most.
constexpr CallLimits kAttempts{.max_attempts = 3, .first_backoff = seconds(1), .longest_backoff = seconds(1)};
constexpr net::HttpClientLimits kTimeouts{
    .connect_timeout = seconds(2), .answer_timeout = seconds(2), .max_answer_bytes = 1U << 20U};

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

net::Task<Result<Credentials>> fetch_from_container(net::Loop& loop, const Settings& settings,
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
  // Straight there, whatever proxies there are: they are none of this host's.
  const Result<net::Network> network = net::Network::load(settings.ca_bundle, {});
  if (!network) co_return fail(network.error());
  Question question;
  question.service = "container";
  question.operation = "credentials";
  question.url = *url;
  question.limits = kAttempts;
  question.is_answer = is_json_object;
  question.request.headers.emplace_back("Accept", "application/json");
  if (!token->empty()) question.request.headers.emplace_back("Authorization", token->reveal());
  net::HttpClient http(loop, &*network, kTimeouts);
  const Result<net::HttpResponse> response =
      co_await ask(loop, http, *settings.observer, std::move(question));
  if (!response) co_return fail(response.error());
  if (response->status != 200)
    co_return fail(FailureCode::refused,
                   fmt::format("{} answered with status {}", url->authority(), response->status));
  co_return credentials_of_metadata(response->body);
}

}  // namespace ferry::aws

// fetch_from_identity_center(): the token that `aws sso login` left, refreshed where that can be, for a
// role's credentials.
#include "aws/answer_reader.hpp"
#include "aws/credential_answer.hpp"
#include "aws/credential_fetch.hpp"
#include "aws/credential_request.hpp"
#include "aws/protocol.hpp"
#include "aws/secret_file.hpp"
#include "net/clock.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"
#include "sys/private_file.hpp"
#include "wire/json_object.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::aws {
namespace {

namespace json = boost::json;

constexpr std::chrono::minutes kRefreshWindow{15};  // botocore's

tl::unexpected<Failure> not_logged_in(const IdentityCenterSource& center, std::string what) {
  return fail(FailureCode::denied, std::move(what), fmt::format("log in again: {}", center.login_command));
}

Result<json::object> stored_token(const IdentityCenterSource& center, Observer& observer) {
  const std::optional<Secret> text = read_secret_file(center.token_path, observer);
  if (!text) return not_logged_in(center, fmt::format("there is no login in {}", center.token_path));
  Result<json::object> token = wire::parse_secret_object(text->reveal(), center.token_path);
  if (!token || text_in(*token, "accessToken").empty())
    return not_logged_in(center, fmt::format("{} holds no token", center.token_path));
  return token;
}

bool is_valid_for(const json::object& token, milliseconds time) {
  const std::optional<WallTime> end = parse_rfc3339(text_in(token, "expiresAt"));
  return end && *end > net::wall_now() + time;
}

// What botocore wants of a login before it refreshes it.
bool may_refresh(const IdentityCenterSource& center, const json::object& token) {
  constexpr std::array kNeeded{"refreshToken", "clientId", "clientSecret", "registrationExpiresAt"};
  const std::optional<WallTime> registered = parse_rfc3339(text_in(token, "registrationExpiresAt"));
  return !center.session.empty() && registered && *registered > net::wall_now() &&
         std::ranges::none_of(kNeeded, [&](const char* name) { return text_in(token, name).empty(); });
}

// A question to one of IAM Identity Center's services, with as many attempts as other calls have.
Result<Question> question_for(const Settings& settings, const std::string& base, std::string_view target) {
  Result<net::Url> url = net::parse_url(base);
  if (!url) return fail(url.error());
  while (url->target.ends_with('/')) url->target.pop_back();
  url->target += target;
  Question question;
  question.url = std::move(*url);
  if (settings.max_attempts) question.limits.max_attempts = *settings.max_attempts;
  question.is_answer = is_json_object;
  return question;
}

// CreateToken with the refresh token. What comes of it is kept where the AWS CLI looks for it.
net::Task<Result<json::object>> refreshed(net::Loop& loop, net::HttpClient& http, const Settings& settings,
                                          const IdentityCenterSource& center, json::object token) {
  Result<Question> question = question_for(settings, center.token_url, "/token");
  if (!question) co_return fail(question.error());
  const json::object input{{"clientId", text_in(token, "clientId")},
                           {"clientSecret", text_in(token, "clientSecret")},
                           {"grantType", "refresh_token"},
                           {"refreshToken", text_in(token, "refreshToken")}};
  question->service = "sso-oidc";
  question->operation = "CreateToken";
  question->request.method = "POST";
  question->request.body = json::serialize(input);
  question->request.headers.emplace_back("Content-Type", "application/json");
  const Result<net::HttpResponse> response =
      co_await ask(loop, http, *settings.observer, std::move(*question));
  if (!response) co_return fail(response.error());
  const Result<json::object> answer = wire::parse_secret_object(response->body, "the answer of CreateToken");
  if (response->status != 200 || !answer || text_in(*answer, "accessToken").empty())
    co_return not_logged_in(center,
                            fmt::format("the login could not be refreshed (status {})", response->status));
  token["accessToken"] = text_in(*answer, "accessToken");
  const seconds lifetime(integer_in(*answer, "expiresIn").value_or(0));
  const auto end = std::chrono::floor<seconds>(net::wall_now() + lifetime);
  token["expiresAt"] = rfc3339(end).substr(0, std::string_view("2026-11-23T18:19:36").size()) + "Z";
  const std::string next = text_in(*answer, "refreshToken");
  if (!next.empty()) token["refreshToken"] = next;
  const Result<> kept = sys::write_private_file(center.token_path, json::serialize(token));
  if (!kept) co_return fail(kept.error());
  co_return token;
}

}  // namespace

net::Task<Result<Credentials>> fetch_from_identity_center(net::Loop& loop, const net::Network& network,
                                                          const Settings& settings,
                                                          const IdentityCenterSource& center) {
  Result<json::object> token = stored_token(center, *settings.observer);
  if (!token) co_return fail(token.error());
  net::HttpClient http(loop, &network);
  if (may_refresh(center, *token) && !is_valid_for(*token, kRefreshWindow)) {
    Result<json::object> newer = co_await refreshed(loop, http, settings, center, *token);
    if (newer) {
      token = std::move(newer);
    } else if (!is_valid_for(*token, milliseconds(0))) {
      co_return fail(newer.error());
    }
  }
  if (!is_valid_for(*token, milliseconds(0))) co_return not_logged_in(center, "the login has expired");
  Result<Question> question =
      question_for(settings, center.portal_url,
                   fmt::format("/federation/credentials?role_name={}&account_id={}",
                               form_encoded(center.role_name), form_encoded(center.account_id)));
  if (!question) co_return fail(question.error());
  question->service = "sso";
  question->operation = "GetRoleCredentials";
  question->request.headers.emplace_back("x-amz-sso_bearer_token", text_in(*token, "accessToken"));
  const Result<net::HttpResponse> response =
      co_await ask(loop, http, *settings.observer, std::move(*question));
  if (!response) co_return fail(response.error());
  if (response->status == 401) co_return not_logged_in(center, "the login is no longer valid");
  if (response->status != 200) {
    co_return fail(FailureCode::refused,
                   fmt::format("role {} in account {} was refused (status {})", center.role_name,
                               center.account_id, response->status),
                   "check sso_role_name and sso_account_id");
  }
  co_return credentials_of_identity_center(response->body);
}

}  // namespace ferry::aws

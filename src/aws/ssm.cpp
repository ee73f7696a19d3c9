#include "aws/ssm.hpp"

#include "aws/answer_reader.hpp"

#include <utility>

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace ferry::aws::ssm {
namespace {

namespace json = boost::json;

Failure is_over(const std::string& session_id, std::string_view reason) {
  return {.code = FailureCode::lost,
          .what = fmt::format("session {} is over: {}", session_id, reason),
          .hint = {},
          .service_code = {}};
}

}  // namespace

net::Task<Result<ResumedSession>> resume_session(Client& client, std::string session_id) {
  json::object input;
  input["SessionId"] = session_id;
  const Result<json::object> answer = co_await client.call(Service::ssm, "ResumeSession", std::move(input));
  if (!answer) {
    Failure failure = answer.error();
    if (failure.service_code == "DoesNotExistException") {
      failure = is_over(session_id, failure.what);
    } else if (failure.code == FailureCode::lost) {
      failure.code = FailureCode::unreachable;  // it is the call that was lost
    }
    co_return fail(std::move(failure));
  }
  // How the service says that a session has timed out.
  std::string token = text_in(*answer, "TokenValue");
  if (token.empty()) co_return fail(is_over(session_id, "the service gives no token for it any more"));
  co_return ResumedSession{.token_value = std::move(token), .stream_url = text_in(*answer, "StreamUrl")};
}

net::Task<Result<>> terminate_session(Client& client, std::string session_id) {
  json::object input;
  input["SessionId"] = session_id;
  const Result<json::object> answer =
      co_await client.call(Service::ssm, "TerminateSession", std::move(input));
  if (!answer) co_return fail(answer.error());
  co_return Result<>();
}

}  // namespace ferry::aws::ssm

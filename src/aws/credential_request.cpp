#include "aws/credential_request.hpp"

#include "net/clock.hpp"
#include "sys/random.hpp"
#include "wire/json_object.hpp"

#include <optional>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

// An answer that did not come, or is worth another attempt.
std::optional<AttemptEnd> failed_end(const Result<net::HttpResponse>& response, const Question& question) {
  if (!response) return AttemptEnd::in_doubt;
  if (response->status == 429) return AttemptEnd::throttled;
  if (response->status >= 500) return AttemptEnd::in_doubt;
  if (response->status == 200 && !question.is_answer(response->body)) return AttemptEnd::in_doubt;
  return std::nullopt;
}

void tell(Observer& observer, const Question& question, int number, Instant begin,
          const Result<net::HttpResponse>& response) {
  const bool has_answer = response.has_value();
  observer.attempt({.service = question.service,
                    .operation = question.operation,
                    .number = number,
                    .status = has_answer ? response->status : 0,
                    .duration = net::steady_now() - begin,
                    .request_id = has_answer ? net::find_header(response->headers, "x-amzn-RequestId") : "",
                    .failure = has_answer ? "" : std::string_view(response.error().what)});
}

}  // namespace

bool is_not_empty(const std::string& body) {
  return !body.empty();
}

bool is_json_object(const std::string& body) {
  return wire::parse_object(body, {}).has_value();
}

net::Task<Result<net::HttpResponse>> ask(net::Loop& loop, net::HttpClient& http, Observer& observer,
                                         Question question) {
  question.request.target = question.url.target;
  question.request.is_repeatable = true;
  RetryQuota quota;
  Retries retries(question.limits, true, quota);
  for (;;) {
    const Instant begin = net::steady_now();
    Result<net::HttpResponse> response = co_await http.send(question.url, question.request);
    tell(observer, question, retries.attempts() + 1, begin, response);
    const std::optional<AttemptEnd> end = failed_end(response, question);
    if (!end) co_return response;
    const std::optional<milliseconds> delay = retries.next(*end, sys::random_chance());
    if (!delay) co_return response;
    co_await net::sleep_for(loop, *delay);
  }
}

}  // namespace ferry::aws

#include "local/door/front.hpp"

#include "base/text.hpp"
#include "local/store/database.hpp"
#include "net/clock.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::string_view kControlPrefix = "/_ferry/";
constexpr std::string_view kStreamPrefix = "/v1/data-channel/";
constexpr int kNotFound = 404;
constexpr int kServerError = 500;

bool is_upgrade(const net::HttpRequest& request) {
  return request.method == "GET" &&
         equals_ignoring_case(net::find_header(request.headers, "Upgrade"), "websocket");
}

net::HttpResponse not_found(std::string message) {
  return json_refusal(ServiceError{
      .type = "ResourceNotFoundException", .message = std::move(message), .status = kNotFound, .extra = {}});
}

}  // namespace

Front::Front(net::Loop& loop, Guard guard, Faults& faults, const Dispatcher& dispatcher,
             SessionRegistry& sessions, Controls controls)
    : loop_(&loop),
      guard_(std::move(guard)),
      faults_(&faults),
      dispatcher_(&dispatcher),
      sessions_(&sessions),
      controls_(std::move(controls)),
      is_open_(loop) {
  is_open_.set();
}

net::Task<net::HttpAnswer> Front::handle(net::HttpRequest request) {
  if (auto refused = guard_.check_sender(request)) co_return json_refusal(*refused);
  if (request.target.starts_with(kStreamPrefix)) {
    // Whoever opens a stream proves himself by the session's token, its first message; a signature besides.
    if (auto refused = guard_.check_channel(request, net::wall_now())) {
      ++refused_channels_;
      co_return json_refusal(*refused);
    }
    if (!is_upgrade(request)) co_return not_found("This path is a session's stream: a websocket.");
    if (auto session = sessions_->session_for(request.target)) co_return std::move(*session);
    co_return not_found("There is no such session.");
  }
  net::HttpResponse response;
  if (request.target.starts_with(kControlPrefix)) {
    response = co_await control(std::move(request));
  } else {
    response = co_await call(std::move(request));
  }
  co_return response;
}

std::optional<net::HttpResponse> Front::refuse_head(const net::HttpRequest& head) const {
  if (auto refused = guard_.check_sender(head)) return json_refusal(*refused);
  if (head.target.starts_with(kStreamPrefix)) return std::nullopt;
  if (net::count_headers(head.headers, "Authorization") != 0) return std::nullopt;
  const std::optional<ServiceError> unsigned_call = guard_.check_signature(head, {}, net::wall_now());
  const auto call = dispatcher_->recognize(head);
  const bool is_operation = !head.target.starts_with(kControlPrefix) && call;
  return is_operation ? Dispatcher::refusal(*call, *unsigned_call) : json_refusal(*unsigned_call);
}

net::Task<net::HttpResponse> Front::control(net::HttpRequest request) {
  if (auto refused = guard_.check_control(request, net::wall_now())) co_return json_refusal(*refused);
  const std::string action =
      fmt::format("{} {}", request.method, request.target.substr(kControlPrefix.size()));
  if (action == "GET health") {
    json::object health = controls_.health();
    health["calls"] = calls_;
    health["refused_channels"] = refused_channels_;
    co_return json_response(health);
  }
  if (action == "POST faults") co_return replace_faults(request.body);
  if (action == "POST reset") {
    net::HttpResponse response = co_await reset();
    co_return response;
  }
  if (action == "POST shutdown") {
    controls_.shut_down();
    co_return json_response({});
  }
  co_return not_found(fmt::format(
      "There is no {} here: GET health, POST faults, POST reset and POST shutdown are.", valid_utf8(action)));
}

net::Task<> Front::until_open() {
  while (!is_open_.is_set()) co_await is_open_.wait();
}

net::Task<> Front::close() {
  co_await until_open();
  is_open_.reset();
}

net::Task<net::HttpResponse> Front::reset() {
  co_await close();
  faults_->clear();
  net::HttpResponse response = json_response({});
  try {
    co_await controls_.reset();
  } catch (const StoreError& error) {
    response = json_refusal(ServiceError{
        .type = "ServerException", .message = error.what(), .status = kServerError, .extra = {}});
  }
  is_open_.set();
  co_return response;
}

net::HttpResponse Front::replace_faults(const std::string& body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  const json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) {
    return json_refusal(
        refuse("ValidationException", "The fault rules must be a JSON object: {\"rules\": [...]}.").value());
  }
  const auto replaced =
      faults_->replace(*object, [this](std::string_view name) { return dispatcher_->knows(name); });
  if (!replaced) return json_refusal(refuse("ValidationException", replaced.error().line()).value());
  return json_response({});
}

net::Task<net::HttpResponse> Front::call(net::HttpRequest request) {
  auto call = dispatcher_->recognize(request);
  if (!call) co_return json_refusal(call.error());
  if (auto refused = guard_.check_signature(request, call->service, net::wall_now())) {
    co_return Dispatcher::refusal(*call, *refused);
  }
  ++calls_;
  co_await until_open();
  const Faults::Verdict verdict = faults_->decide(call->operation);
  if (verdict.delay > milliseconds(0)) co_await net::sleep_for(*loop_, verdict.delay);
  if (verdict.error) co_return Dispatcher::refusal(*call, *verdict.error);
  net::HttpResponse response = co_await dispatcher_->run(std::move(*call), std::move(request));
  co_return response;
}

}  // namespace ferry::local

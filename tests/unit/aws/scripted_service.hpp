// A service on loopback that gives prepared answers one after the other and keeps what it was asked.
#pragma once

#include "aws/client.hpp"
#include "net/http_server.hpp"
#include "unit/net/run.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ferry::aws {

inline Settings settings_for(std::uint16_t port) {
  Settings settings;
  settings.credentials.kind = Credentials{.access_key_id = "AKTEST",
                                          .secret_access_key = "test-secret",
                                          .session_token = "test-token",
                                          .expires_at = std::nullopt};
  settings.region = "eu-west-1";
  settings.endpoint = [port](Service) { return fmt::format("http://127.0.0.1:{}", port); };
  return settings;
}

inline CallLimits quick_limits() {
  return {.max_attempts = 3,
          .first_backoff = milliseconds(1),
          .first_backoff_if_throttled = milliseconds(1),
          .longest_backoff = milliseconds(2)};
}

inline net::HttpResponse answer(int status, std::string body,
                                std::string type = "application/x-amz-json-1.1") {
  return {.status = status, .headers = {{"Content-Type", std::move(type)}}, .body = std::move(body)};
}

class ScriptedService {
 public:
  ScriptedService(net::Loop& loop, std::vector<net::HttpResponse> answers)
      : loop_(loop), answers_(std::move(answers)), group_(loop) {
    auto listening = net::HttpServer::listen(loop, "127.0.0.1", 0);
    if (!listening) std::abort();
    server_ = std::move(*listening);
    group_.spawn(server_->serve([this](net::HttpRequest request) { return next(std::move(request)); }));
  }

  [[nodiscard]] Settings settings() const { return settings_for(server_->port()); }
  [[nodiscard]] std::unique_ptr<Client> client() {
    auto client = Client::make(loop_, settings(), quick_limits());
    if (!client) std::abort();
    return std::move(*client);
  }
  [[nodiscard]] const std::vector<net::HttpRequest>& requests() const { return requests_; }

  net::Task<> stop() {
    server_->stop();
    co_await group_.join();
  }

 private:
  net::Task<net::HttpAnswer> next(net::HttpRequest request) {
    requests_.push_back(std::move(request));
    if (requests_.size() > answers_.size()) {
      ADD_FAILURE() << "one request more than there are answers";
      co_return answer(400, R"({"__type":"TooManyRequestsInThisTest"})");
    }
    co_return answers_[requests_.size() - 1];
  }

  net::Loop& loop_;
  std::vector<net::HttpResponse> answers_;
  std::vector<net::HttpRequest> requests_;
  std::unique_ptr<net::HttpServer> server_;
  net::TaskGroup group_;
};

struct Exchange {
  Result<boost::json::object> answer;
  std::vector<net::HttpRequest> requests;
};

// One call to a service that answers so.
inline Exchange call_once(Service service, const std::string& operation, const boost::json::object& input,
                          const std::vector<net::HttpResponse>& answers) {
  Exchange exchange;
  net::run([&](net::Loop& loop) -> net::Task<> {
    ScriptedService scripted(loop, answers);
    const std::unique_ptr<Client> client = scripted.client();
    exchange.answer = co_await client->call(service, operation, input);
    exchange.requests = scripted.requests();
    co_await scripted.stop();
  });
  return exchange;
}

}  // namespace ferry::aws

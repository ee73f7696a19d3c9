#include "stage.hpp"

#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ferry::test {

Stage::Stage()
    : server(*net::HttpServer::listen(loop, "127.0.0.1", 0)), network(*net::Network::load("", {})) {
  times.first_pause = milliseconds(1);
  times.longest_pause = milliseconds(5);
  address.stream_url = fmt::format("ws://127.0.0.1:{}/v1/data-channel/ferry-test", server->port());
  listener.on_ready = [this] { told += "ready;"; };
  listener.on_data = [this](session::StreamKind kind, BytesView bytes) {
    (kind == session::StreamKind::output ? output : error_output) += as_text(bytes);
  };
  listener.on_exit_code = [this](int code) { told += fmt::format("exit {};", code); };
  listener.on_customer_message = [this](const std::string& text) { told += text + ";"; };
  listener.on_connection_lost = [this](const Failure&) { told += "lost;"; };
  listener.on_connection_resumed = [this] { told += "resumed;"; };
}

void Stage::can_renew_tokens() {
  services.renew_token = [this] { return renew(*this); };
}

net::Task<Result<session::Renewal>> Stage::renew(Stage& stage) {
  const int number = ++stage.renewed;
  if (stage.renewals.empty())
    co_return session::Renewal{.token_value = fmt::format("token {}", number), .stream_url = {}};
  Result<session::Renewal> next = std::move(stage.renewals.front());
  stage.renewals.pop_front();
  co_return next;
}

void Stage::make_channel() {
  channel = std::make_unique<session::DataChannel>(loop, network, address, services, listener, times);
}

Result<session::Closed> Stage::play(Actor actor) {
  make_channel();
  return loop.run(play_all(*this, std::move(actor)));
}

net::Task<Result<session::Closed>> Stage::play_all(Stage& stage, Actor actor) {
  net::TaskGroup group(stage.loop);
  group.spawn(
      stage.server->serve([&stage](net::HttpRequest request) { return answer(stage, std::move(request)); }));
  if (actor) group.spawn(actor(stage));
  Result<session::Closed> closed = co_await stage.channel->run();
  stage.server->stop();
  co_await group.join();
  co_return closed;
}

net::Task<net::HttpAnswer> Stage::answer(Stage& stage, net::HttpRequest request) {
  stage.requests.push_back(std::move(request));
  net::HttpResponse refused = stage.refusal;
  if (!stage.statuses.empty()) {
    refused.status = stage.statuses.front();
    stage.statuses.pop_front();
  }
  if (refused.status != 200) co_return refused;
  co_return net::WebSocketSession(
      [&stage](net::WebSocket socket) { return serve_agent(stage, std::move(socket)); });
}

net::Task<> Stage::serve_agent(Stage& stage, net::WebSocket socket) {
  co_await stage.agent.serve(std::move(socket));
  stage.agent_left.set();
}

net::Task<> type_bye(Stage& stage) {
  const auto sent = co_await stage.channel->send_input(to_bytes("hello, bye"));
  EXPECT_TRUE(sent);
}

}  // namespace ferry::test

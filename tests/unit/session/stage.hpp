// A data channel and the agent it talks to, on one loop, with a service that opens websockets and gives
// tokens as a script says.
#pragma once

#include "net/http_server.hpp"
#include "scripted_agent.hpp"
#include "session/data_channel.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ferry::test {

struct Stage {
  Stage();

  using Actor = std::function<net::Task<>(Stage&)>;

  // Gives "token 1", "token 2" and so on where `renewals` says nothing else.
  void can_renew_tokens();
  void make_channel();
  // Runs the channel to its end, beside the server and, where there is one, an actor.
  Result<session::Closed> play(Actor actor = {});

  static net::Task<Result<session::Closed>> play_all(Stage& stage, Actor actor);
  static net::Task<net::HttpAnswer> answer(Stage& stage, net::HttpRequest request);
  static net::Task<> serve_agent(Stage& stage, net::WebSocket socket);
  static net::Task<Result<session::Renewal>> renew(Stage& stage);

  net::Loop loop;
  net::Event agent_left{loop};
  ScriptedAgent agent;
  std::unique_ptr<net::HttpServer> server;
  net::Network network;
  session::Address address{.session_id = "ferry-test", .stream_url = {}, .token_value = "secret-token"};
  session::Services services;
  session::Listener listener;
  session::ConnectionTimes times;
  std::unique_ptr<session::DataChannel> channel;

  std::vector<net::HttpRequest> requests;         // in order
  net::HttpResponse refusal;                      // instead of the websocket, where its status is not 200
  std::deque<int> statuses;                       // of the first answers; what is not 200 is no websocket
  std::deque<Result<session::Renewal>> renewals;  // the first ones
  int renewed = 0;
  std::string told, output, error_output;
};

net::Task<> type_bye(Stage& stage);

}  // namespace ferry::test

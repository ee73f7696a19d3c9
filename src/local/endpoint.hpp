// `ferry local`: the whole endpoint, put together. Owns its store, runtime, sessions, tasks, scheduler and
// HTTP server for as long as it serves; bounded by the limits of those.
#pragma once

#include "base/result.hpp"
#include "local/agent/session_registry.hpp"
#include "local/runtime/open_runtime.hpp"
#include "net/loop.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace ferry::local {

struct EndpointSettings {
  std::uint16_t port = 5319;         // 0 picks a free one
  std::string host = "127.0.0.1";    // a literal address; another one than loopback only by the user's word
  std::string data;                  // folder; empty keeps nothing on disk
  std::string region = "us-east-1";  // a data folder keeps the one it was made with
  RuntimeChoice runtime = RuntimeChoice::automatic;
  SessionLimits session_limits;
  bool requires_signed_channels = false;  // of the websockets of sessions
  // Folders that tasks must not see, beside those that the endpoint itself keeps.
  std::vector<std::string> hidden_folders;
};

// Serves until SIGINT, SIGTERM or POST /_ferry/shutdown; then every task is stopped and nothing is left
// behind. `on_ready` is told the URL as soon as calls are answered; `on_notice` what a person should know.
net::Task<Result<>> serve_endpoint(net::Loop& loop, EndpointSettings settings,
                                   std::function<void(const std::string& url)> on_ready,
                                   std::function<void(const std::string& line)> on_notice);

}  // namespace ferry::local

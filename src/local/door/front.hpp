// The door itself: what happens to a request before and around its operation. Checks the sender, then takes
// websockets to the sessions, /_ferry/ paths to the endpoint's own controls, and the rest, once the signature
// and the fault rules let it pass, to the dispatcher.
// Replaces the fault rules when told to; the loop's thread only.
#pragma once

#include "local/agent/session_registry.hpp"
#include "local/api/dispatch.hpp"
#include "local/door/faults.hpp"
#include "local/door/guard.hpp"
#include "net/http_server.hpp"
#include "net/loop.hpp"

#include <cstdint>
#include <functional>
#include <optional>

#include <boost/json/object.hpp>

namespace ferry::local {

// What the controls make the endpoint do.
struct Controls {
  std::function<boost::json::object()> health;
  std::function<net::Task<>()> reset;
  std::function<void()> shut_down;
};

class Front {
 public:
  // All of what is referred to must outlive the front.
  Front(net::Loop& loop, Guard guard, Faults& faults, const Dispatcher& dispatcher, SessionRegistry& sessions,
        Controls controls);

  net::Task<net::HttpAnswer> handle(net::HttpRequest request);
  // Before the body is read: what comes from elsewhere, or has no signature at all.
  [[nodiscard]] std::optional<net::HttpResponse> refuse_head(const net::HttpRequest& head) const;
  // From its end on no call begins any more: later ones wait until the server cancels them.
  net::Task<> close();

 private:
  // Returns while the door is open; several may wait, and the first to close it wins.
  net::Task<> until_open();
  net::Task<net::HttpResponse> reset();
  net::Task<net::HttpResponse> control(net::HttpRequest request);
  net::Task<net::HttpResponse> call(net::HttpRequest request);
  net::HttpResponse replace_faults(const std::string& body);

  net::Loop* loop_;
  Guard guard_;
  Faults* faults_;
  const Dispatcher* dispatcher_;
  SessionRegistry* sessions_;
  Controls controls_;
  std::int64_t calls_ = 0;             // that had a right signature, since the start
  std::int64_t refused_channels_ = 0;  // websockets of sessions, for their signature
  // Set while calls may run: a reset closes it, so that no call sees half of a world.
  net::Event is_open_;
};

}  // namespace ferry::local

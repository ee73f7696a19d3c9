// The server's side of one HTTP connection: its requests one after the other, until it closes or becomes a
// websocket.
#pragma once

#include "net/connection.hpp"
#include "net/http_server.hpp"
#include "net/served_peers.hpp"

#include <memory>

namespace ferry::net {

// What connections of a server share; it outlives them.
struct ServedBy {
  HttpHandler handler;
  HttpHeadCheck check;
  HttpServerLimits limits;
  ServedPeers& peers;
};

// Ends with the connection closed.
Task<> serve_connection(Loop& loop, std::unique_ptr<Connection> connection, const ServedBy& server);

}  // namespace ferry::net

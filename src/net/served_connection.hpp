// The server's side of one HTTP connection: its requests one after the other, until it closes or becomes a
// websocket.
#pragma once

#include "net/connection.hpp"
#include "net/http_server.hpp"

#include <memory>

namespace ferry::net {

// Ends with the connection closed. `handler` must outlive it.
Task<> serve_connection(Loop& loop, std::unique_ptr<Connection> connection, HttpServerLimits limits,
                        const HttpHandler& handler);

}  // namespace ferry::net

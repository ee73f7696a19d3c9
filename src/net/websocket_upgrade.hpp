// The server's end of a websocket upgrade, for the HTTP server.
#pragma once

#include "net/connection.hpp"
#include "net/http.hpp"
#include "net/websocket.hpp"

#include <memory>

namespace ferry::net {

// Answers the upgrade request that was read from `connection` (101, or 400 where its websocket headers are
// wrong) and takes the connection over.
Task<Result<WebSocket>> accept_websocket(Loop& loop, std::unique_ptr<Connection> connection,
                                         HttpRequest request, WebSocketLimits limits);

}  // namespace ferry::net

// A client that writes and reads bytes as they are, for what no correct client would send.
#pragma once

#include "net/connection.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace ferry::net {

inline Url loopback_url(std::string scheme, std::uint16_t port, std::string target = "/") {
  return Url{.scheme = std::move(scheme), .host = "127.0.0.1", .port = port, .target = std::move(target)};
}

inline Task<std::unique_ptr<Connection>> raw_connection(Loop& loop, std::uint16_t port) {
  Result<std::unique_ptr<Connection>> connection =
      co_await connect(loop, nullptr, loopback_url("http", port), seconds{10});
  EXPECT_TRUE(connection.has_value());
  co_return connection ? std::move(*connection) : nullptr;
}

// Until `end` has come, or to the end of the connection where it is empty.
inline Task<std::string> read_until(Connection& connection, std::string end) {
  std::string text;
  std::array<char, 4096> piece{};
  while (end.empty() || text.find(end) == std::string::npos) {
    const Connection::ReadOutcome outcome = co_await connection.read_some(piece);
    if (outcome.count == 0) co_return text;
    text.append(piece.data(), outcome.count);
  }
  co_return text;
}

// What a server says to `bytes` until it closes.
inline Task<std::string> raw_exchange(Loop& loop, std::uint16_t port, std::string bytes) {
  const std::unique_ptr<Connection> connection = co_await raw_connection(loop, port);
  co_await connection->write(bytes);
  std::string text = co_await read_until(*connection, "");
  co_return text;
}

}  // namespace ferry::net

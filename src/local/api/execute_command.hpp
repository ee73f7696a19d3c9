// ExecuteCommand: opens a session into a running container and says where its stream is.
#pragma once

#include "local/agent/session_registry.hpp"
#include "local/api/operation.hpp"
#include "local/store/documents.hpp"

#include <string>

namespace ferry::local {

// `stream_base` is where the endpoint's websocket answers: "ws://127.0.0.1:5319".
Operations execute_command_operations(Documents& documents, SessionRegistry& sessions, std::string region,
                                      std::string stream_base);

}  // namespace ferry::local

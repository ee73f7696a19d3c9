// SSM StartSession on an `ecs:` target, ResumeSession and TerminateSession.
#pragma once

#include "local/agent/session_registry.hpp"
#include "local/api/operation.hpp"

#include <string>

namespace ferry::local {

// `stream_base` is where the endpoint's websocket answers: "ws://127.0.0.1:5319".
Operations ssm_operations(SessionRegistry& sessions, const std::string& stream_base);

}  // namespace ferry::local

// The Session Manager operations that an exec session needs, typed. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "net/task.hpp"

#include <string>

namespace ferry::aws::ssm {

struct ResumedSession {
  std::string token_value;
  std::string stream_url;  // where to connect with it; may be empty
};

// A fresh token for a session whose connection was lost. Failure `lost` where the service gives none any
// more: the session is over.
net::Task<Result<ResumedSession>> resume_session(Client& client, std::string session_id);
// Ends the session and the command in it.
net::Task<Result<>> terminate_session(Client& client, std::string session_id);

}  // namespace ferry::aws::ssm

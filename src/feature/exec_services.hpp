// The calls that an exec session may need besides ExecuteCommand. All are optional: what is denied, or cannot
// be asked because there is no client, is done without; a session that cannot go on without one ends with the
// reason. Owns nothing; bounded by the limits of the client's calls. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "feature/channel_door.hpp"
#include "net/task.hpp"
#include "session/data_channel.hpp"

#include <optional>
#include <string>

namespace ferry::feature {

class ExecServices {
 public:
  // A client, which outlives this object, or why there is none.
  ExecServices(Result<aws::Client*> client, aws::ecs::ExecSession opened);

  // ResumeSession, KMS and a signature, for the data channel; refers to this object.
  session::Services for_channel(const ChannelOptions& options);

  // Whether the cluster's configuration says that exec sessions are not logged (DescribeClusters).
  net::Task<bool> is_unlogged();
  // The session's task as it is now (DescribeTasks).
  net::Task<std::optional<aws::ecs::Task>> describe_task();
  // Ends the session and what it runs (TerminateSession). True where the service did so.
  net::Task<bool> terminate();

  [[nodiscard]] std::string cluster_name() const;  // empty where the service did not say
  [[nodiscard]] std::string task_id() const;
  [[nodiscard]] const aws::ecs::ExecSession& opened() const { return opened_; }
  // "container app of task 0123..."
  [[nodiscard]] std::string place() const;

 private:
  net::Task<Result<session::Renewal>> renew_token();
  net::Task<Result<wire::DataKey>> generate_key(std::string key_id);

  Result<aws::Client*> client_;
  aws::ecs::ExecSession opened_;
};

}  // namespace ferry::feature

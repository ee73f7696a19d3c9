// ExecuteCommand for a target: the call at once where everything is as it should be, and otherwise waiting,
// within a bound, for what can still come, or the reason why it cannot.
// Owns nothing; bounded by the time to wait. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/end_watch.hpp"
#include "feature/exec.hpp"
#include "feature/exec_target.hpp"
#include "net/task.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ferry::feature {

class ExecOpening {
 public:
  // All references outlive it.
  ExecOpening(aws::Client& client, const ExecRequest& request, EndWatch& end);

  // May be called again for a second session in the same container. Failure `cancelled` where `end` came
  // first, `timed_out` where the time to wait was over while a call was not answered.
  net::Task<Result<aws::ecs::ExecSession>> open(std::string command);

  // The place of an ExecuteCommand that was sent and not answered: a session may have begun there.
  [[nodiscard]] const std::optional<ExecPlace>& unanswered() const { return unanswered_; }

 private:
  net::Task<Result<>> find();
  net::Task<Result<aws::ecs::ExecSession>> execute(std::string command);
  net::Task<Readiness> look();
  net::Task<Result<std::vector<std::string>>> names_to_look_at();
  net::Task<Readiness> judge(std::vector<aws::ecs::Task> tasks);
  void take(Readiness readiness);
  net::Task<Result<>> wait_until_ready();
  net::Task<Result<>> pause(Failure reason);
  [[nodiscard]] Instant call_deadline() const;
  [[nodiscard]] Failure given_up() const;
  [[nodiscard]] Failure explained(const Failure& refusal) const;
  void say(std::string_view line);

  aws::Client& client_;
  const ExecRequest& request_;
  EndWatch& end_;
  std::optional<ExecPlace> place_;  // where the next ExecuteCommand goes
  std::optional<ExecPlace> unanswered_;
  std::vector<std::string> listed_;  // what the target may mean, for the first look
  // The task definition that was needed to choose a container; empty where it could not be read.
  std::optional<aws::ecs::TaskDefinition> definition_;
  std::string definition_asked_;  // its ARN
  std::string choice_said_;
  bool is_found_ = false, is_seen_ready_ = false;
  Instant began_at_, deadline_;
  std::optional<Instant> unconnected_until_;
  milliseconds next_pause_;
};

}  // namespace ferry::feature

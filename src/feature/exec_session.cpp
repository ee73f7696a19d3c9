#include "feature/exec_session.hpp"

#include "feature/exec_command_session.hpp"

#include <optional>
#include <utility>

namespace ferry::feature {

net::Task<Result<CommandResult>> collect(net::Loop& loop, const net::Network& network,
                                         Result<aws::Client*> client, aws::ecs::ExecSession opened,
                                         ExecOptions options) {
  EndWatch end(loop, end_conditions(options));
  ExecServices services(std::move(client), std::move(opened));
  CommandSession session(loop, network, services, end, options, Wrapping::unseen);
  std::optional<Result<CommandResult>> result;
  const auto attend = [](EndWatch& watch, CommandSession& attended,
                         std::optional<Result<CommandResult>>& kept, net::TaskGroup& group) -> net::Task<> {
    group.spawn(watch.run());
    kept = co_await attended.run();
  };
  co_await net::with_children(loop,
                              [&](net::TaskGroup& group) { return attend(end, session, result, group); });
  co_return std::move(*result);
}

}  // namespace ferry::feature

#include "feature/channel_door.hpp"

#include "net/unless.hpp"
#include "wire/channel_opening.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// A source that hangs must not hang the session, whose token is short-lived.
constexpr milliseconds kLongestWait{20'000};

net::Task<Result<session::ChannelIdentity>> no_identity(Failure reason) {
  co_return fail(std::move(reason));
}

}  // namespace

session::ConnectionTimes connection_times(const ChannelOptions& options) {
  session::ConnectionTimes times;
  times.ping_interval = options.ping_interval;
  return times;
}

net::Task<Result<session::ChannelIdentity>> channel_identity(aws::Client& client) {
  std::optional<Result<aws::Credentials>> credentials =
      co_await within(client.loop(), kLongestWait, client.credentials());
  if (!credentials) {
    co_return fail(
        FailureCode::timed_out,
        fmt::format("no credentials came from {} within {} s", client.settings().credentials.description,
                    std::chrono::duration_cast<seconds>(kLongestWait).count()));
  }
  if (!*credentials) co_return fail((*credentials).error());
  co_return session::ChannelIdentity{.access_key_id = std::move((*credentials)->access_key_id),
                                     .secret_access_key = std::move((*credentials)->secret_access_key),
                                     .session_token = std::move((*credentials)->session_token),
                                     .source = client.settings().credentials.description,
                                     .region = client.settings().region,
                                     .now = client.time()};
}

session::ChannelDoor channel_door(Result<aws::Client*> client, const ChannelOptions& options,
                                  std::string arn) {
  session::ChannelDoor door;
  door.endpoint = options.endpoint;
  door.region = wire::region_of_arn(arn);
  door.arn = std::move(arn);
  door.is_unsigned_by_choice = options.is_unsigned;
  if (!client) {
    door.identity = [reason = client.error()] { return no_identity(reason); };
    return door;
  }
  aws::Client& caller = **client;
  if (door.endpoint.empty()) door.endpoint = caller.settings().channel_endpoint;
  door.identity = [&caller] { return channel_identity(caller); };
  door.forget_identity = [&caller] { return caller.forget_credentials(); };
  return door;
}

std::string unsigned_notice(const Failure& reason) {
  return fmt::format("the session is opened unsigned, for want of credentials: {}", reason.what);
}

}  // namespace ferry::feature

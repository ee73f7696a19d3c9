// What a session opened by the AWS CLI may need: a signature, a fresh token after a break, a data key for
// encryption. As whom and where they go is what the CLI's arguments and the environment say.
// Owns its client, made at the first call; bounded by that client's limits. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"
#include "feature/channel_door.hpp"
#include "feature/session_plugin.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"
#include "session/data_channel.hpp"

#include <memory>
#include <string>

namespace ferry::feature {

class PluginServices {
 public:
  PluginServices(net::Loop& loop, PluginRequest request, aws::Environment environment);

  // For the data channel; refers to this object. Without a target there is no encryption, as with the stock
  // plugin: the key is made for it.
  session::Services for_channel();

 private:
  Result<aws::Client*> client();
  net::Task<Result<session::Renewal>> renew_token();
  net::Task<Result<session::ChannelIdentity>> identity();
  net::Task<Result<wire::DataKey>> generate_key(std::string key_id);

  net::Loop& loop_;
  PluginRequest request_;
  aws::Environment environment_;
  std::unique_ptr<aws::Client> client_;
};

}  // namespace ferry::feature

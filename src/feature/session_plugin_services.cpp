#include "feature/session_plugin_services.hpp"

#include "aws/kms.hpp"
#include "aws/ssm.hpp"

#include <map>
#include <utility>

namespace ferry::feature {

PluginServices::PluginServices(net::Loop& loop, PluginRequest request, aws::Environment environment)
    : loop_(loop), request_(std::move(request)), environment_(std::move(environment)) {}

session::Services PluginServices::for_channel() {
  session::Services services;
  services.door.endpoint = request_.channel.endpoint;
  services.door.is_unsigned_by_choice = request_.channel.is_unsigned;
  services.door.identity = [this] { return identity(); };
  services.renew_token = [this] { return renew_token(); };
  if (!request_.target.empty())
    services.generate_key = [this](std::string key_id) { return generate_key(std::move(key_id)); };
  return services;
}

// Most sessions need none: what is wrong with the credentials must not keep them from beginning.
Result<aws::Client*> PluginServices::client() {
  if (client_) return client_.get();
  Result<aws::Settings> settings = aws::resolve_settings(request_.flags, environment_);
  if (!settings) return fail(settings.error());
  Result<std::unique_ptr<aws::Client>> made = aws::Client::make(loop_, std::move(*settings));
  if (!made) return fail(made.error());
  client_ = std::move(*made);
  return client_.get();
}

net::Task<Result<session::Renewal>> PluginServices::renew_token() {
  const Result<aws::Client*> caller = client();
  if (!caller) co_return fail(caller.error());
  Result<aws::ssm::ResumedSession> resumed =
      co_await aws::ssm::resume_session(**caller, request_.address.session_id);
  if (!resumed) co_return fail(resumed.error());
  co_return session::Renewal{.token_value = std::move(resumed->token_value),
                             .stream_url = std::move(resumed->stream_url)};
}

net::Task<Result<session::ChannelIdentity>> PluginServices::identity() {
  const Result<aws::Client*> caller = client();
  if (!caller) co_return fail(caller.error());
  Result<session::ChannelIdentity> found = co_await channel_identity(**caller);
  co_return found;
}

net::Task<Result<wire::DataKey>> PluginServices::generate_key(std::string key_id) {
  const Result<aws::Client*> caller = client();
  if (!caller) co_return fail(caller.error());
  std::map<std::string, std::string> context{{"aws:ssm:SessionId", request_.address.session_id},
                                             {"aws:ssm:TargetId", request_.target}};
  Result<aws::kms::DataKey> key = co_await aws::kms::generate_data_key(
      **caller, std::move(key_id), wire::kDataKeyBytes, std::move(context));
  if (!key) co_return fail(key.error());
  co_return wire::DataKey{.plaintext = std::move(key->plaintext), .ciphertext = std::move(key->ciphertext)};
}

}  // namespace ferry::feature

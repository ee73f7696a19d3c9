#include "aws/credential_fetch.hpp"

#include "aws/client.hpp"
#include "aws/credential_answer.hpp"
#include "aws/credential_cache.hpp"
#include "aws/instance_metadata.hpp"
#include "base/text.hpp"
#include "net/clock.hpp"

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

void keep(const std::string& cache_path, const boost::json::object& entry, Observer& observer) {
  const Result<> kept = keep_credentials(cache_path, entry);
  if (!kept) observer.source("cache", kept.error().what);
}

// Names the session where the profile does not.
constexpr std::string_view kSessionName = "ferry";

// As these credentials; without any, unsigned. What comes of it is kept for later commands; where that cannot
// be, they ask again.
net::Task<Result<Credentials>> ask_sts(net::Loop& loop, const Settings& settings, Credentials caller,
                                       std::string operation, boost::json::object input,
                                       std::string cache_path) {
  Settings as_caller = settings;
  as_caller.credentials.kind = std::move(caller);
  Result<std::unique_ptr<Client>> client = Client::make(loop, std::move(as_caller));
  if (!client) co_return fail(client.error());
  const Result<boost::json::object> answer =
      co_await (*client)->call(Service::sts, std::move(operation), std::move(input));
  if (!answer) co_return fail(answer.error());
  Result<Credentials> credentials = credentials_of_sts(*answer);
  if (credentials) keep(cache_path, cache_entry(*answer), *settings.observer);
  co_return credentials;
}

Result<std::string> token_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(FailureCode::not_found, fmt::format("the web identity token {} cannot be read", path));
  std::string token{std::istreambuf_iterator<char>(file), {}};
  return std::string(trim(token));
}

std::string_view name_of_session(const std::string& given) {
  return given.empty() ? kSessionName : std::string_view(given);
}

net::Task<Result<Credentials>> fetch(net::Loop& loop, const Settings& settings,
                                     const WebIdentitySource& identity, std::string cache_path) {
  Result<std::string> token = token_in(identity.token_file);
  if (!token) co_return fail(token.error());
  boost::json::object input{{"RoleArn", identity.role_arn},
                            {"RoleSessionName", name_of_session(identity.session_name)},
                            {"WebIdentityToken", *token}};
  Result<Credentials> fetched = co_await ask_sts(loop, settings, {}, "AssumeRoleWithWebIdentity",
                                                 std::move(input), std::move(cache_path));
  co_return fetched;
}

net::Task<Result<Credentials>> fetch(net::Loop& loop, const net::Network& network, const Settings& settings,
                                     const AssumedRoleSource& role, Freshness freshness,
                                     std::string cache_path) {
  Result<Credentials> base = co_await fetch_credentials(loop, network, settings, *role.base, freshness);
  if (!base) co_return fail(base.error());
  boost::json::object input{{"RoleArn", role.role_arn},
                            {"RoleSessionName", name_of_session(role.session_name)}};
  if (!role.external_id.empty()) input["ExternalId"] = role.external_id;
  if (role.duration_s) input["DurationSeconds"] = *role.duration_s;
  if (!role.mfa_serial.empty()) {
    if (!settings.ask_mfa_code) {
      co_return fail(FailureCode::usage,
                     fmt::format("the role needs a code of {}, and there is nobody to ask", role.mfa_serial),
                     "use credentials of a session that has it: ferry api sts GetSessionToken");
    }
    const Result<std::string> code = settings.ask_mfa_code(role.mfa_serial);
    if (!code) co_return fail(code.error());
    input["SerialNumber"] = role.mfa_serial;
    input["TokenCode"] = *code;
  }
  Result<Credentials> fetched = co_await ask_sts(loop, settings, std::move(*base), "AssumeRole",
                                                 std::move(input), std::move(cache_path));
  co_return fetched;
}

net::Task<Result<Credentials>> fetch(net::Loop& loop, const net::Network& network, const Settings& settings,
                                     const IdentityCenterSource& center, std::string cache_path) {
  Result<Credentials> fetched = co_await fetch_from_identity_center(loop, network, settings, center);
  if (fetched) keep(cache_path, cache_entry(center, *fetched), *settings.observer);
  co_return fetched;
}

net::Task<Result<Credentials>> fetch_kind(net::Loop& loop, const net::Network& network,
                                          const Settings& settings, const CredentialSource& source,
                                          Freshness freshness, std::string cache_path) {
  if (const auto* process = std::get_if<ProcessSource>(&source.kind))
    co_return co_await fetch_from_process(loop, *process);
  if (const auto* identity = std::get_if<WebIdentitySource>(&source.kind))
    co_return co_await fetch(loop, settings, *identity, std::move(cache_path));
  if (const auto* role = std::get_if<AssumedRoleSource>(&source.kind))
    co_return co_await fetch(loop, network, settings, *role, freshness, std::move(cache_path));
  if (const auto* center = std::get_if<IdentityCenterSource>(&source.kind))
    co_return co_await fetch(loop, network, settings, *center, std::move(cache_path));
  if (const auto* container = std::get_if<ContainerSource>(&source.kind))
    co_return co_await fetch_from_container(loop, settings, *container);
  co_return co_await fetch_from_instance(loop, *settings.observer,
                                         std::get<InstanceMetadataSource>(source.kind));
}

// Empty: what that source gives is not kept.
std::string cache_path_of(const Settings& settings, const CredentialSource& source) {
  const std::string name = cache_file_name(source);
  return name.empty() || settings.credential_cache.empty() ? std::string()
                                                           : settings.credential_cache + "/" + name;
}

std::string key_and_end(const Credentials& credentials) {
  return fmt::format("access key {}, {}", credentials.access_key_id,
                     credentials.expires_at ? "until " + rfc3339(*credentials.expires_at) : "without an end");
}

}  // namespace

net::Task<Result<Credentials>> fetch_credentials(net::Loop& loop, const net::Network& network,
                                                 const Settings& settings, const CredentialSource& source,
                                                 Freshness freshness) {
  if (const auto* keys = std::get_if<Credentials>(&source.kind)) co_return *keys;
  Observer& observer = *settings.observer;
  const std::string cache_path = cache_path_of(settings, source);
  if (freshness == Freshness::kept_will_do) {
    const auto kept = kept_credentials(cache_path, net::wall_now(), observer);
    if (kept) {
      observer.source(source.method, fmt::format("{}, kept in {}", key_and_end(*kept), cache_path));
      co_return *kept;
    }
  }
  Result<Credentials> fetched = co_await fetch_kind(loop, network, settings, source, freshness, cache_path);
  observer.source(source.method, fetched ? key_and_end(*fetched) : fetched.error().what);
  if (!fetched) co_return fail(fetched.error().in(fmt::format("credentials from {}", source.description)));
  co_return fetched;
}

}  // namespace ferry::aws

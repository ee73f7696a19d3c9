#include "aws/credential_fetch.hpp"

#include "aws/client.hpp"
#include "aws/credential_answer.hpp"
#include "base/text.hpp"

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

// As these credentials; without any, unsigned.
net::Task<Result<Credentials>> ask_sts(net::Loop& loop, const Settings& settings, Credentials caller,
                                       std::string operation, boost::json::object input) {
  Settings as_caller = settings;
  as_caller.credentials.kind = std::move(caller);
  Result<std::unique_ptr<Client>> client = Client::make(loop, std::move(as_caller));
  if (!client) co_return fail(client.error());
  const Result<boost::json::object> answer =
      co_await (*client)->call(Service::sts, std::move(operation), std::move(input));
  if (!answer) co_return fail(answer.error());
  co_return credentials_of_sts(*answer);
}

Result<std::string> token_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(FailureCode::not_found, fmt::format("the web identity token {} cannot be read", path));
  std::string token{std::istreambuf_iterator<char>(file), {}};
  return std::string(trim(token));
}

net::Task<Result<Credentials>> fetch(net::Loop& loop, const Settings& settings,
                                     const WebIdentitySource& identity) {
  Result<std::string> token = token_in(identity.token_file);
  if (!token) co_return fail(token.error());
  boost::json::object input{{"RoleArn", identity.role_arn},
                            {"RoleSessionName", identity.session_name},
                            {"WebIdentityToken", *token}};
  Result<Credentials> fetched =
      co_await ask_sts(loop, settings, {}, "AssumeRoleWithWebIdentity", std::move(input));
  co_return fetched;
}

net::Task<Result<Credentials>> fetch(net::Loop& loop, const net::Network& network, const Settings& settings,
                                     const AssumedRoleSource& role) {
  Result<Credentials> base = co_await fetch_credentials(loop, network, settings, *role.base);
  if (!base) co_return fail(base.error());
  boost::json::object input{{"RoleArn", role.role_arn}, {"RoleSessionName", role.session_name}};
  if (!role.external_id.empty()) input["ExternalId"] = role.external_id;
  if (role.duration_s) input["DurationSeconds"] = *role.duration_s;
  if (!role.mfa_serial.empty()) {
    if (!settings.ask_mfa_code) {
      co_return fail(FailureCode::usage,
                     fmt::format("the role needs a code of {}, and there is nobody to ask", role.mfa_serial),
                     "use credentials of a session that has it: aws sts get-session-token");
    }
    const Result<std::string> code = settings.ask_mfa_code(role.mfa_serial);
    if (!code) co_return fail(code.error());
    input["SerialNumber"] = role.mfa_serial;
    input["TokenCode"] = *code;
  }
  Result<Credentials> fetched =
      co_await ask_sts(loop, settings, std::move(*base), "AssumeRole", std::move(input));
  co_return fetched;
}

net::Task<Result<Credentials>> fetch_kind(net::Loop& loop, const net::Network& network,
                                          const Settings& settings, const CredentialSource& source) {
  if (const auto* keys = std::get_if<Credentials>(&source.kind)) co_return *keys;
  if (const auto* process = std::get_if<ProcessSource>(&source.kind))
    co_return co_await fetch_from_process(loop, *process);
  if (const auto* identity = std::get_if<WebIdentitySource>(&source.kind))
    co_return co_await fetch(loop, settings, *identity);
  if (const auto* role = std::get_if<AssumedRoleSource>(&source.kind))
    co_return co_await fetch(loop, network, settings, *role);
  if (const auto* center = std::get_if<IdentityCenterSource>(&source.kind))
    co_return co_await fetch_from_identity_center(loop, network, *center);
  if (const auto* container = std::get_if<ContainerSource>(&source.kind))
    co_return co_await fetch_from_container(loop, network, *container);
  co_return co_await fetch_from_instance(loop, std::get<InstanceMetadataSource>(source.kind));
}

}  // namespace

net::Task<Result<Credentials>> fetch_credentials(net::Loop& loop, const net::Network& network,
                                                 const Settings& settings, const CredentialSource& source) {
  Result<Credentials> fetched = co_await fetch_kind(loop, network, settings, source);
  if (!fetched) co_return fail(fetched.error().in(fmt::format("credentials from {}", source.description)));
  co_return fetched;
}

}  // namespace ferry::aws

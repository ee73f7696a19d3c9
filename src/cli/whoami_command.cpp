#include "aws/answer_reader.hpp"
#include "base/printable.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/result_output.hpp"
#include "net/loop.hpp"

#include <string>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::cli {
namespace {

namespace json = boost::json;

struct WhoamiFlags {
  aws::Flags connection;
  std::string output = "text";
  bool offline = false;
};

Arguments describe(WhoamiFlags& flags) {
  Arguments arguments("whoami", "show identity, source of the credentials, region and endpoint");
  arguments.toggle("--offline", "ask nobody beyond what the credentials themselves need", flags.offline);
  arguments.choice("-o,--output", {"text", "json"}, "text for people, or one JSON object", flags.output);
  describe_connection_flags(arguments, flags.connection);
  return arguments;
}

struct Identity {
  aws::Credentials credentials;
  json::object caller;  // GetCallerIdentity's answer; empty offline
};

net::Task<Result<Identity>> identify(aws::Client& client, bool offline) {
  Identity identity;
  if (!offline) {
    Result<json::object> caller = co_await client.call(aws::Service::sts, "GetCallerIdentity", {});
    if (!caller) co_return fail(caller.error());
    identity.caller = std::move(*caller);
  }
  // After the call, which may have had to fetch new ones.
  Result<aws::Credentials> credentials = co_await client.credentials();
  if (!credentials) co_return fail(credentials.error());
  identity.credentials = std::move(*credentials);
  co_return identity;
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

// The secret and the token are in none of them.
json::object json_of(const Identity& identity, const aws::Settings& settings) {
  const auto& end = identity.credentials.expires_at;
  json::object endpoints;
  for (const aws::Service service : aws::kServices)
    endpoints[aws::service_name(service)] = settings.endpoint(service);
  return json::object{{"account", text_or_null(aws::text_in(identity.caller, "Account"))},
                      {"arn", text_or_null(aws::text_in(identity.caller, "Arn"))},
                      {"user_id", text_or_null(aws::text_in(identity.caller, "UserId"))},
                      {"access_key_id", identity.credentials.access_key_id},
                      {"credential_source", settings.credentials.method},
                      {"credential_place", settings.credentials.description},
                      {"expires_at", end ? json::value(rfc3339(*end)) : json::value(nullptr)},
                      {"region", settings.region},
                      {"endpoint", settings.endpoint(aws::Service::ecs)},
                      {"endpoints", std::move(endpoints)}};
}

std::string text_of(const json::object& identity) {
  std::string text;
  for (const auto& [name, value] : identity) {
    if (const json::string* content = value.if_string())
      text += fmt::format("{:<18} {}\n", std::string_view(name), printable(*content));
  }
  return text;
}

}  // namespace

Result<int> whoami_command(Words words) {
  WhoamiFlags flags;
  const Arguments arguments = describe(flags);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  net::Loop loop;
  Waiting waiting(loop);
  const Result<std::unique_ptr<aws::Client>> client = make_client(waiting, flags.connection);
  if (!client) return waiting.failed(client.error());
  const Result<Identity> identity = waiting.get(identify(**client, flags.offline));
  if (!identity) return waiting.failed(identity.error());
  const json::object shown = json_of(*identity, (*client)->settings());
  const Result<> written =
      flags.output == "json" ? print_json(json::serialize(shown) + "\n") : print_text(text_of(shown));
  if (!written) return fail(written.error());
  return 0;
}

}  // namespace ferry::cli

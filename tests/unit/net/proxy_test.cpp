#include "net/proxy.hpp"

#include "base/text.hpp"
#include "net/http_client.hpp"
#include "raw_client.hpp"
#include "run.hpp"
#include "scripted_server.hpp"

#include <map>
#include <string>

#include <gmock/gmock.h>

namespace ferry::net {
namespace {

using testing::HasSubstr;
using testing::Not;

using Variables = std::map<std::string, std::string, std::less<>>;

ProxyRules rules(const Variables& variables) {
  return ProxyRules::from_environment([&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

// "host:port" of the proxy for the URL, "none", or the failure's line.
std::string proxy_for(const Variables& variables, std::string_view url) {
  const Result<std::optional<Proxy>> proxy = rules(variables).proxy_for(*parse_url(url));
  if (!proxy) return proxy.error().line();
  return *proxy ? (*proxy)->name() : "none";
}

TEST(ProxyRules, TheSchemeChoosesTheVariable) {
  const Variables both{{"HTTP_PROXY", "http://plain:1"}, {"HTTPS_PROXY", "http://secure:2"}};
  EXPECT_EQ(proxy_for(both, "http://ecs.example/"), "plain:1");
  EXPECT_EQ(proxy_for(both, "ws://ecs.example/"), "plain:1");
  EXPECT_EQ(proxy_for(both, "https://ecs.example/"), "secure:2");
  EXPECT_EQ(proxy_for(both, "wss://ecs.example/"), "secure:2");
  EXPECT_EQ(proxy_for({}, "https://ecs.example/"), "none");
}

TEST(ProxyRules, UsersAndPasswordsAreDecodedAndNeverQuoted) {
  const Variables variables{{"https_proxy", "http://me%40work:p%3Ass%zz@proxy:3128/"}};
  const auto proxy = rules(variables).proxy_for(*parse_url("https://ecs.example/"));
  ASSERT_TRUE(proxy && *proxy);
  EXPECT_EQ((*proxy)->authorization, "Basic " + base64(as_bytes("me@work:p:ss%zz")));
  const std::string line = proxy_for({{"HTTPS_PROXY", "http://me:hush@pro xy:1"}}, "https://ecs.example/");
  EXPECT_THAT(line, HasSubstr("HTTPS_PROXY"));
  EXPECT_THAT(line, Not(HasSubstr("hush")));
}

TEST(ProxyRules, TheSchemeSaysHowTheProxyIsSpokenTo) {
  const auto secure =
      rules({{"HTTPS_PROXY", "https://me@proxy/"}}).proxy_for(*parse_url("https://ecs.example/"));
  ASSERT_TRUE(secure && *secure);
  EXPECT_TRUE((*secure)->is_secure);
  EXPECT_EQ((*secure)->name(), "proxy:443");
  const auto plain = rules({{"HTTPS_PROXY", "proxy:3128"}}).proxy_for(*parse_url("https://ecs.example/"));
  ASSERT_TRUE(plain && *plain);
  EXPECT_FALSE((*plain)->is_secure);
}

// Answers CONNECT as told, and keeps what it was asked.
Task<> answer_connect(std::unique_ptr<Connection> connection, std::string answer, std::string& asked) {
  asked = co_await read_until(*connection, "\r\n\r\n");
  co_await connection->write(answer);
}

// The line that an https request fails with when the proxy answers so.
std::string refusal(const std::string& answer, std::string& asked) {
  std::string line;
  run([&](Loop& loop) -> Task<> {
    ScriptedServer proxy(loop, [&](std::unique_ptr<Connection> connection, int) {
      return answer_connect(std::move(connection), answer, asked);
    });
    const std::string url = "http://user:word@127.0.0.1:" + std::to_string(proxy.port());
    Result<Network> network = Network::load("", rules({{"HTTPS_PROXY", url}}));
    HttpClient client(loop, &*network);
    const Result<HttpResponse> response = co_await client.send(*parse_url("https://ecs.example/"), {});
    EXPECT_FALSE(response);
    if (!response) line = response.error().line();
    co_await proxy.stop();
  });
  return line;
}

TEST(ProxyTunnel, IsAskedForByNameAndWithThePassword) {
  std::string asked;
  const std::string line = refusal("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", asked);
  EXPECT_THAT(asked, HasSubstr("CONNECT ecs.example:443 HTTP/1.1\r\n"));
  EXPECT_THAT(asked, HasSubstr("Host: ecs.example:443\r\n"));
  EXPECT_THAT(asked, HasSubstr("Proxy-Authorization: Basic " + base64(as_bytes("user:word")) + "\r\n"));
  EXPECT_THAT(line, HasSubstr("cannot connect to https://ecs.example: the proxy 127.0.0.1:"));
  EXPECT_THAT(line, HasSubstr("407"));
}

TEST(ProxyTunnel, WhatIsNoTunnelIsRefused) {
  std::string asked;
  EXPECT_THAT(refusal("HTTP/1.1 403 Forbidden\r\n\r\n", asked), HasSubstr("forbids"));
  EXPECT_THAT(refusal("HTTP/1.1 502 Bad Gateway\r\n\r\n", asked), HasSubstr("status 502"));
  EXPECT_THAT(refusal("SSH-2.0-OpenSSH_9.2\r\n\r\n", asked), HasSubstr("not HTTP/1.1"));
  EXPECT_THAT(refusal("HTTP/1.1 200 OK\r\n\r\nhello", asked), HasSubstr("too much"));
  EXPECT_THAT(refusal("HTTP/1.1 200 OK\r\n", asked), HasSubstr("End of file"));
  EXPECT_THAT(refusal(std::string(100'000, 'x'), asked), HasSubstr("the proxy"));
}

// How a request ends whose proxy plays this script, when connecting may take 50 ms.
std::string given_up(const std::string& scheme, const ScriptedServer::Script& script) {
  std::string line;
  run([&](Loop& loop) -> Task<> {
    ScriptedServer proxy(loop, script);
    const std::string url = scheme + "://127.0.0.1:" + std::to_string(proxy.port());
    Result<Network> network = Network::load("", rules({{"HTTPS_PROXY", url}}));
    HttpClientLimits limits;
    limits.connect_timeout = milliseconds{50};
    HttpClient client(loop, &*network, limits);
    const Result<HttpResponse> response = co_await client.send(*parse_url("https://ecs.example/"), {});
    EXPECT_FALSE(response);
    if (!response) line = response.error().line();
    co_await proxy.stop();
  });
  return line;
}

Task<> say_nothing(std::unique_ptr<Connection> connection, int) {
  co_await read_until(*connection, "");
}

// A head that never ends.
Task<> drip(Loop& loop, std::unique_ptr<Connection> connection) {
  error_code error = co_await connection->write("HTTP/1.1 200 OK\r\nX-A: ");
  while (!error) {
    co_await sleep_for(loop, milliseconds{1});
    error = co_await connection->write("x");
  }
}

TEST(ProxyTunnel, EachPhaseIsBounded) {
  EXPECT_THAT(given_up("http", say_nothing), HasSubstr("the proxy 127.0.0.1:"));
  EXPECT_THAT(given_up("http", say_nothing), HasSubstr(": no answer in time"));
  EXPECT_THAT(given_up("https", say_nothing), HasSubstr(": the TLS handshake took too long"));
  EXPECT_THAT(given_up("http",
                       [](std::unique_ptr<Connection> connection, int) -> Task<> {
                         // Beyond the tunnel nobody answers: its TLS handshake is the endpoint's.
                         co_await read_until(*connection, "\r\n\r\n");
                         co_await connection->write("HTTP/1.1 200 OK\r\n\r\n");
                         co_await read_until(*connection, "");
                       }),
              HasSubstr("ecs.example: the TLS handshake took too long"));
}

TEST(ProxyTunnel, AnAnswerThatDripsForEverIsGivenUp) {
  run([](Loop& loop) -> Task<> {
    ScriptedServer proxy(loop, [&loop](std::unique_ptr<Connection> connection, int) {
      return drip(loop, std::move(connection));
    });
    const std::string url = "http://127.0.0.1:" + std::to_string(proxy.port());
    Result<Network> network = Network::load("", rules({{"HTTPS_PROXY", url}}));
    HttpClientLimits limits;
    limits.connect_timeout = milliseconds{50};
    HttpClient client(loop, &*network, limits);
    const Result<HttpResponse> response = co_await client.send(*parse_url("https://ecs.example/"), {});
    EXPECT_FALSE(response);
    if (!response) EXPECT_THAT(response.error().what, HasSubstr("no answer in time"));
    co_await proxy.stop();
  });
}

}  // namespace
}  // namespace ferry::net

#include "aws/client.hpp"

#include "aws/shared_limits.hpp"
#include "net/clock.hpp"
#include "net/connection.hpp"
#include "scripted_service.hpp"
#include "unit/memory_search.hpp"
#include "unit/net/scripted_server.hpp"
#include "wire/sigv4.hpp"

#include <array>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

namespace ferry::aws {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kThrottled = R"({"__type":"ThrottlingException","message":"Rate exceeded"})";
const std::string kServerError = R"({"__type":"ServerException","message":"Service Unavailable."})";

TEST(Client, ACallIsSignedForItsServiceAndNamesItsOperation) {
  const Exchange exchange =
      call_once(Service::logs, "GetLogEvents", {{"limit", 1}}, {answer(200, R"({"events":[]})")});
  ASSERT_TRUE(exchange.answer) << exchange.answer.error().line();
  EXPECT_EQ(*exchange.answer, boost::json::parse(R"({"events":[]})").as_object());

  const net::HttpRequest& request = exchange.requests.at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/");
  EXPECT_EQ(request.body, R"({"limit":1})");
  EXPECT_EQ(net::find_header(request.headers, "X-Amz-Target"), "Logs_20140328.GetLogEvents");
  EXPECT_EQ(net::find_header(request.headers, "Content-Type"), "application/x-amz-json-1.1");
  EXPECT_THAT(std::string(net::find_header(request.headers, "User-Agent")), StartsWith("ferry/"));
  const auto verified = wire::sigv4::verify(
      {.method = request.method, .target = request.target, .headers = request.headers, .body = request.body},
      {.access_key_id = "AKTEST", .secret_access_key = "test-secret", .session_token = "test-token"},
      net::wall_now());
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->service, "logs");
  EXPECT_EQ(verified->region, "eu-west-1");
}

TEST(Client, StsSpeaksTheQueryProtocol) {
  const Exchange exchange = call_once(
      Service::sts, "AssumeRole",
      {{"RoleArn", "arn:aws:iam::1:role/a b"},
       {"Tags", {{{"Key", "k"}, {"Value", "1&2"}}}},
       {"DurationSeconds", 900}},
      {answer(200,
              "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId></Credentials>"
              "</AssumeRoleResult></AssumeRoleResponse>",
              "text/xml")});
  ASSERT_TRUE(exchange.answer) << exchange.answer.error().line();
  EXPECT_EQ(*exchange.answer, boost::json::parse(R"({"Credentials":{"AccessKeyId":"A"}})").as_object());
  EXPECT_EQ(exchange.requests.at(0).body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b&Tags.member."
            "1.Key=k&"
            "Tags.member.1.Value=1%262&DurationSeconds=900");
}

TEST(Client, IamIsSignedForItsPartitionsRegion) {
  const Exchange exchange = call_once(
      Service::iam, "GetRole", {{"RoleName", "web"}},
      {answer(200,
              "<GetRoleResponse><GetRoleResult><Role><RoleName>web</RoleName></Role></GetRoleResult>"
              "</GetRoleResponse>",
              "text/xml")});
  ASSERT_TRUE(exchange.answer) << exchange.answer.error().line();
  EXPECT_EQ(*exchange.answer, boost::json::parse(R"({"Role":{"RoleName":"web"}})").as_object());
  const net::HttpRequest& request = exchange.requests.at(0);
  EXPECT_EQ(request.body, "Action=GetRole&Version=2010-05-08&RoleName=web");
  EXPECT_THAT(std::string(net::find_header(request.headers, "Authorization")),
              HasSubstr("/us-east-1/iam/aws4_request"));
}

TEST(Client, Ec2SpeaksItsOwnQueryProtocol) {
  const Exchange exchange =
      call_once(Service::ec2, "DescribeSubnets",
                {{"SubnetId", {"subnet-1", "subnet-2"}},
                 {"Filter", {{{"Name", "vpc-id"}, {"Value", boost::json::array{"vpc-1"}}}}}},
                {answer(200,
                        "<DescribeSubnetsResponse><requestId>r</requestId><subnetSet><item><subnetId>subnet-1"
                        "</subnetId></item></subnetSet></DescribeSubnetsResponse>",
                        "text/xml")});
  ASSERT_TRUE(exchange.answer) << exchange.answer.error().line();
  EXPECT_EQ(*exchange.answer,
            boost::json::parse(R"({"requestId":"r","subnetSet":[{"subnetId":"subnet-1"}]})").as_object());
  EXPECT_EQ(exchange.requests.at(0).body,
            "Action=DescribeSubnets&Version=2016-11-15&SubnetId.1=subnet-1&SubnetId.2=subnet-2&"
            "Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1");
}

TEST(Client, RefusalsOfEc2AreReadFromItsOwnXml) {
  const Exchange exchange = call_once(
      Service::ec2, "DescribeSubnets", {},
      {answer(403,
              "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized."
              "</Message></Error></Errors><RequestID>r</RequestID></Response>",
              "text/xml")});
  ASSERT_FALSE(exchange.answer);
  EXPECT_EQ(exchange.answer.error().service_code, "UnauthorizedOperation");
  EXPECT_EQ(exchange.answer.error().code, FailureCode::denied);
}

TEST(Client, AnEmptyAnswerIsAnEmptyObject) {
  const Exchange exchange = call_once(Service::logs, "CreateLogGroup", {}, {answer(200, "")});
  ASSERT_TRUE(exchange.answer);
  EXPECT_TRUE(exchange.answer->empty());
}

TEST(Client, ThrottlingIsWaitedOutEvenWhereARepetitionWouldNotBeSafe) {
  const Exchange exchange = call_once(Service::ecs, "ExecuteCommand", {},
                                      {answer(400, kThrottled), answer(429, ""), answer(200, R"({"ok":1})")});
  ASSERT_TRUE(exchange.answer) << exchange.answer.error().line();
  EXPECT_EQ(exchange.requests.size(), 3U);
}

TEST(Client, ThrottlingThatDoesNotEndIsReported) {
  const Exchange exchange = call_once(Service::ecs, "ListTasks", {}, std::vector(3, answer(400, kThrottled)));
  ASSERT_FALSE(exchange.answer);
  EXPECT_EQ(exchange.answer.error().code, FailureCode::throttled);
  EXPECT_EQ(exchange.answer.error().service_code, "ThrottlingException");
  EXPECT_EQ(exchange.answer.error().what,
            "ThrottlingException: Rate exceeded (ecs ListTasks), after 3 attempts");
}

TEST(Client, AServerErrorIsRepeatedWhereThatIsSafe) {
  const Exchange exchange =
      call_once(Service::ecs, "RunTask", {{"clientToken", "t"}},
                {answer(500, kServerError), answer(503, "<html>no</html>", "text/html"), answer(200, "{}")});
  EXPECT_TRUE(exchange.answer);
  ASSERT_EQ(exchange.requests.size(), 3U);
  EXPECT_EQ(exchange.requests[2].body, R"({"clientToken":"t"})");
}

TEST(Client, AServerErrorIsNotRepeatedWhereTheServiceMayHaveActed) {
  for (const char* operation : {"RunTask", "ExecuteCommand", "CreateService"}) {
    const Exchange exchange = call_once(Service::ecs, operation, {}, {answer(500, kServerError)});
    ASSERT_FALSE(exchange.answer);
    EXPECT_EQ(exchange.answer.error().service_code, "ServerException");
  }
}

TEST(Client, ARefusalIsNotRepeatedAndKeepsItsName) {
  struct Case {
    net::HttpResponse response;
    std::string name, message;
    FailureCode code;
  };
  net::HttpResponse in_header = answer(400, R"({"message":"m"})");
  in_header.headers.emplace_back("x-amzn-ErrorType", "BlockedException:http://internal.amazon.com/coral/");
  const Case cases[] = {
      {answer(400,
              R"({"__type":"com.amazonaws.ecs#ClusterNotFoundException","message":"Cluster not found."})"),
       "ClusterNotFoundException", "Cluster not found.", FailureCode::refused},
      {answer(400, R"({"__type":"AccessDeniedException","Message":"no right"})"), "AccessDeniedException",
       "no right", FailureCode::denied},
      {in_header, "BlockedException", "m", FailureCode::refused},
      {answer(400, R"({"__type":"BrandNewException"})"), "BrandNewException", "no message",
       FailureCode::refused},
      {answer(400, R"({"__type":"LimitExceededException","message":"quota"})"), "LimitExceededException",
       "quota", FailureCode::refused},
  };
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.name);
    const Exchange exchange = call_once(Service::ecs, "ListTasks", {}, {expected.response});
    ASSERT_FALSE(exchange.answer);
    EXPECT_EQ(exchange.answer.error().service_code, expected.name);
    EXPECT_EQ(exchange.answer.error().what,
              fmt::format("{}: {} (ecs ListTasks)", expected.name, expected.message));
    EXPECT_EQ(exchange.answer.error().code, expected.code);
  }
}

TEST(Client, RefusalsOfStsAreReadFromXml) {
  const Exchange exchange = call_once(
      Service::sts, "GetCallerIdentity", {},
      {answer(
          403,
          "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>"
          "<Code>ExpiredToken</Code><Message>The security token is expired</Message></Error></ErrorResponse>",
          "text/xml")});
  ASSERT_FALSE(exchange.answer);
  EXPECT_EQ(exchange.answer.error().service_code, "ExpiredToken");
  EXPECT_EQ(exchange.answer.error().code, FailureCode::denied);
  EXPECT_THAT(exchange.answer.error().line(),
              AllOf(HasSubstr("The security token is expired"), HasSubstr("new temporary credentials")));
}

// What was told of each attempt, as lines.
class Recorder : public Observer {
 public:
  void attempt(const Attempt& attempt) override {
    lines.push_back(fmt::format("{} {} {} {} {} {}", attempt.service, attempt.operation, attempt.number,
                                attempt.status, attempt.failure, attempt.request_id));
  }
  std::vector<std::string> lines;
};

TEST(Client, TheObserverHearsOfEachAttemptAndOfNoMessage) {
  const auto recorder = std::make_shared<Recorder>();
  net::run([&](net::Loop& loop) -> net::Task<> {
    net::HttpResponse throttled = answer(400, kThrottled);
    throttled.headers.emplace_back("x-amzn-RequestId", "id-1");
    ScriptedService scripted(loop, {throttled, answer(200, "{}")});
    Settings settings = scripted.settings();
    settings.observer = recorder;
    const auto client = Client::make(loop, settings, quick_limits());
    const Result<boost::json::object> tasks = co_await (*client)->call(Service::ecs, "ListTasks", {});
    EXPECT_TRUE(tasks);
    co_await scripted.stop();
  });
  EXPECT_THAT(recorder->lines,
              testing::ElementsAre("ecs ListTasks 1 400 ThrottlingException id-1", "ecs ListTasks 2 200  "));
}

TEST(Client, AnAnswerThatIsNotTheServicesIsToldPlainly) {
  struct Case {
    Service service;
    net::HttpResponse response;
    std::string text;
  };
  const Case cases[] = {
      {Service::ecs, answer(200, "<html>captive portal</html>", "text/html"), "cannot read the answer"},
      {Service::ecs, answer(200, "[]"), "no JSON object"},
      {Service::ecs, answer(200, R"({"taskArns":[)"), "cannot read the answer"},
      {Service::ecs, answer(404, "<html></html>", "text/html"), "HTTP 404"},
      {Service::ecs, answer(302, ""), "HTTP 302"},
      {Service::ecs, answer(400, R"(["__type"])"), "HTTP 400"},
      {Service::ecs, answer(400, R"({"__type":7,"message":{}})"), "HTTP 400"},
      {Service::sts, answer(200, "{}"), "malformed XML"},
      {Service::sts, answer(200, "<Other/>", "text/xml"), "another document"},
      {Service::sts, answer(403, "<Error/>", "text/xml"), "HTTP 403"},
  };
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.response.body);
    const Exchange exchange = call_once(expected.service, "ListTasks", {}, {expected.response});
    ASSERT_FALSE(exchange.answer);
    EXPECT_EQ(exchange.answer.error().code, FailureCode::protocol);
    EXPECT_THAT(exchange.answer.error().what, HasSubstr(expected.text));
    EXPECT_EQ(exchange.answer.error().service_code, "");
  }
}

TEST(Client, RefusesWhatIsNoOperationBeforeItIsSent) {
  for (const char* operation : {"", "List Tasks", "X\r\nHost: evil", "Größe"}) {
    const Exchange exchange = call_once(Service::ecs, operation, {}, {});
    ASSERT_FALSE(exchange.answer);
    EXPECT_EQ(exchange.answer.error().code, FailureCode::usage);
  }
}

// How often a call is sent to a service that reads it and closes in the middle of its answer.
int times_sent(const std::string& operation) {
  int connections = 0;
  net::run([&](net::Loop& loop) -> net::Task<> {
    net::ScriptedServer server(loop, [](std::unique_ptr<net::Connection> connection, int) -> net::Task<> {
      std::array<char, 4096> block{};
      co_await connection->read_some(block);
      co_await connection->write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"cut");
      connection->close();
    });
    auto client = Client::make(loop, settings_for(server.port()), quick_limits());
    const Result<boost::json::object> lost = co_await (*client)->call(Service::ecs, operation, {});
    EXPECT_FALSE(lost);
    EXPECT_EQ(lost ? FailureCode::usage : lost.error().code, FailureCode::lost);
    connections = server.connections();
    client->reset();
    co_await server.stop();
  });
  return connections;
}

TEST(Client, AnAnswerCutShortIsAskedForAgainWhereThatIsSafe) {
  EXPECT_EQ(times_sent("DescribeTasks"), 3);
  EXPECT_EQ(times_sent("RunTask"), 1);
  EXPECT_EQ(times_sent("ExecuteCommand"), 1);
}

TEST(Client, ASilentServiceIsGivenUp) {
  net::run([](net::Loop& loop) -> net::Task<> {
    net::ScriptedServer server(loop, [](std::unique_ptr<net::Connection> connection, int) -> net::Task<> {
      std::array<char, 4096> block{};
      while (true) {
        const net::Connection::ReadOutcome read = co_await connection->read_some(block);
        if (read.error) co_return;
      }
    });
    net::HttpClientLimits impatient;
    impatient.answer_timeout = milliseconds(20);
    auto client = Client::make(loop, settings_for(server.port()), quick_limits(), impatient);
    const Result<boost::json::object> silent = co_await (*client)->call(Service::ecs, "ExecuteCommand", {});
    EXPECT_EQ(silent ? FailureCode::usage : silent.error().code, FailureCode::timed_out);
    EXPECT_EQ(server.connections(), 1);
    client->reset();
    co_await server.stop();
  });
}

// A service that takes one request, and is called off before or after it answers (nothing: never) so. Pauses
// between attempts are long: who does not hear of it stays in one.
struct CalledOff {
  std::optional<Failure> failure;
  int requests = 0;
};
CalledOff called_off_after(const std::string& operation, const boost::json::object& input,
                           const std::string& its_answer, const std::string& scheme = "http") {
  CalledOff seen;
  net::run([&](net::Loop& loop) -> net::Task<> {
    net::Event called_off(loop);
    net::ScriptedServer server(loop, [&](std::unique_ptr<net::Connection> connection, int) -> net::Task<> {
      std::array<char, 4096> block{};
      co_await connection->read_some(block);
      if (scheme == "http") ++seen.requests;
      if (!its_answer.empty()) co_await connection->write(its_answer);
      called_off.set();
      co_await connection->read_some(block);
    });
    Settings settings = settings_for(server.port());
    const std::uint16_t port = server.port();
    settings.endpoint = [&scheme, port](Service) { return fmt::format("{}://127.0.0.1:{}", scheme, port); };
    auto client = Client::make(loop, std::move(settings),
                               {.max_attempts = 3,
                                .first_backoff = milliseconds(200'000),
                                .first_backoff_if_throttled = milliseconds(200'000),
                                .longest_backoff = milliseconds(200'000)});
    const Result<boost::json::object> answer =
        co_await (*client)->call(Service::ecs, operation, input, &called_off);
    if (!answer) seen.failure = answer.error();
    client->reset();
    co_await server.stop();
  });
  return seen;
}

std::string raw_answer(int status, const std::string& body) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

TEST(Client, WhatWasRefusedUnseenIsNotSentAgainOnceItIsCalledOff) {
  const CalledOff seen = called_off_after("RunTask", {{"clientToken", "t"}}, raw_answer(400, kThrottled));
  ASSERT_TRUE(seen.failure);
  EXPECT_EQ(seen.failure->code, FailureCode::cancelled) << seen.failure->line();
  EXPECT_EQ(seen.requests, 1);
}

TEST(Client, WhatMayHaveBeenStartedIsNotForgottenWhenTheNextAttemptIsCalledOff) {
  const CalledOff seen = called_off_after("RunTask", {{"clientToken", "t"}}, raw_answer(500, kServerError));
  ASSERT_TRUE(seen.failure);
  EXPECT_EQ(seen.failure->service_code, "ServerException") << seen.failure->line();
  EXPECT_EQ(seen.requests, 1);
}

TEST(Client, ACallThatHasNoConnectionYetEndsWhenItIsCalledOff) {
  const CalledOff seen = called_off_after("ExecuteCommand", {}, "", "https");  // TLS is never answered
  ASSERT_TRUE(seen.failure);
  EXPECT_EQ(seen.failure->code, FailureCode::cancelled) << seen.failure->line();
}

TEST(Client, NothingIsSentThatWasCalledOffBefore) {
  net::run([](net::Loop& loop) -> net::Task<> {
    ScriptedService scripted(loop, {});
    const std::unique_ptr<Client> client = scripted.client();
    net::Event called_off(loop);
    called_off.set();
    const Result<boost::json::object> answer =
        co_await client->call(Service::ecs, "RunTask", {}, &called_off);
    EXPECT_EQ(answer ? FailureCode::usage : answer.error().code, FailureCode::cancelled);
    EXPECT_TRUE(scripted.requests().empty());
    co_await scripted.stop();
  });
}

// Cancelled, while the pause after an attempt in doubt goes on, by somebody who calls nothing off.
TEST(Client, ACancellationLosesNoDoubt) {
  net::run([](net::Loop& loop) -> net::Task<> {
    ScriptedService scripted(loop, {answer(500, kServerError)});
    CallLimits slow = quick_limits();
    slow.first_backoff = slow.longest_backoff = milliseconds(200'000);
    auto client = Client::make(loop, scripted.settings(), slow);
    std::optional<Result<boost::json::object>> answered;
    net::TaskGroup group(loop);
    const auto call = [](Client& to, std::optional<Result<boost::json::object>>& result) -> net::Task<> {
      result = co_await to.call(Service::ecs, "RunTask", {{"clientToken", "t"}});
    };
    group.spawn(call(**client, answered));
    while (scripted.requests().empty()) co_await net::sleep_for(loop, milliseconds(1));
    co_await net::sleep_for(loop,
                            milliseconds(20));  // either in the answer or in the pause: both are in doubt
    group.cancel();
    co_await group.join();
    EXPECT_TRUE(answered && !*answered);
    co_await scripted.stop();
  });
}

TEST(Client, NobodyListeningIsTriedAgainAndReported) {
  std::uint16_t free_port = 0;
  net::run([&](net::Loop& loop) -> net::Task<> {
    ScriptedService gone(loop, {});
    free_port = net::parse_url(gone.client()->settings().endpoint(Service::ecs))->port;
    co_await gone.stop();
  });
  net::run([&](net::Loop& loop) -> net::Task<> {
    auto client = Client::make(loop, settings_for(free_port), quick_limits());
    const Result<boost::json::object> unreachable = co_await (*client)->call(Service::ecs, "RunTask", {});
    EXPECT_EQ(unreachable ? FailureCode::usage : unreachable.error().code, FailureCode::unreachable);
    EXPECT_THAT(unreachable ? "" : unreachable.error().what,
                AllOf(HasSubstr("ecs RunTask"), HasSubstr("after 3 attempts")));
  });
}

TEST(Client, TheSessionTokenThatARefusalQuotesIsNotShown) {
  const Exchange exchange = call_once(
      Service::ecs, "ListTasks", {},
      {answer(403,
              R"({"__type":"InvalidSignatureException","message":"The Canonical String should have been )"
              R"('POST\nx-amz-security-token:test-token\n'"})")});
  ASSERT_FALSE(exchange.answer);
  EXPECT_THAT(exchange.answer.error().line(), HasSubstr("x-amz-security-token:[secret]"));
}

TEST(Client, ItWaitsAsLongAsTheServiceAsksInEitherWay) {
  CallLimits limits = quick_limits();
  limits.longest_backoff = milliseconds(200);
  const auto waited = [&](const std::string& header, const std::string& value) {
    net::HttpResponse throttled = answer(400, kThrottled);
    throttled.headers.emplace_back(header, value);
    milliseconds time{};
    net::run([&](net::Loop& loop) -> net::Task<> {
      ScriptedService scripted(loop, {throttled, answer(200, "{}")});
      auto client = Client::make(loop, scripted.settings(), limits);
      const Instant begun = net::steady_now();
      const Result<boost::json::object> answered = co_await (*client)->call(Service::ecs, "ListTasks", {});
      time = net::steady_now() - begun;
      EXPECT_TRUE(answered);
      co_await scripted.stop();
    });
    return time;
  };
  EXPECT_GE(waited("x-amz-retry-after", "100"), milliseconds(100));
  EXPECT_GE(waited("Retry-After", "3000"), milliseconds(200)) << "no longer than the longest back-off";
}

TEST(Client, ClientsOfOneProcessSpendOneQuota) {
  net::run([&](net::Loop& loop) -> net::Task<> {
    ScriptedService scripted(loop, std::vector(2, answer(500, kServerError)));
    Settings settings = scripted.settings();
    settings.limits = std::make_shared<SharedLimits>();
    while (settings.limits->retry_quota.take(1)) {
    }
    for (int i = 0; i < 2; ++i) {
      auto client = Client::make(loop, settings, quick_limits());
      const Result<boost::json::object> answer = co_await (*client)->call(Service::ecs, "ListTasks", {});
      EXPECT_FALSE(answer);
    }
    EXPECT_EQ(scripted.requests().size(), 2U) << "nothing is tried again";
    co_await scripted.stop();
  });
}

TEST(Client, TheSecretKeyIsNowhereInMemoryWhenTheClientIsGone) {
  const HiddenText secret;
  net::run([&](net::Loop& loop) -> net::Task<> {
    ScriptedService scripted(loop, {answer(200, "{}")});
    {
      Settings settings = scripted.settings();
      std::get<Credentials>(settings.credentials.kind).secret_access_key = secret.text();
      auto client = Client::make(loop, std::move(settings));
      const Result<boost::json::object> answer = co_await (*client)->call(Service::ecs, "ListTasks", {});
      EXPECT_TRUE(answer);
      EXPECT_GE(secret.copies_in_memory(), 1U);
    }
    co_await scripted.stop();
  });
  EXPECT_EQ(secret.copies_in_memory(), 0U);
}

TEST(Client, AnEndpointThatIsNoUrlIsRefusedAtOnce) {
  for (const char* url : {"", "127.0.0.1:5319", "ws://127.0.0.1:1", "http://user:secret@host/"}) {
    net::Loop loop;
    Settings settings = settings_for(1);
    settings.endpoint = [url](Service) { return std::string(url); };
    const auto client = Client::make(loop, settings);
    ASSERT_FALSE(client) << url;
    EXPECT_EQ(client.error().code, FailureCode::usage);
    EXPECT_THAT(client.error().what, HasSubstr("endpoint of ecs"));
  }
}

}  // namespace
}  // namespace ferry::aws

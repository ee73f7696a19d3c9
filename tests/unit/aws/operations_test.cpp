// The typed operations: what they send, how they page, what they say to an incomplete answer.
#include "aws/ecs.hpp"
#include "aws/kms.hpp"
#include "aws/logs.hpp"
#include "aws/ssm.hpp"
#include "scripted_service.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

namespace ferry::aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

boost::json::value sent(const net::HttpRequest& request) {
  return boost::json::parse(request.body);
}

// Runs one typed operation against prepared answers; `use` gets the client.
std::vector<net::HttpRequest> requests_of(const std::vector<net::HttpResponse>& answers,
                                          const std::function<net::Task<>(Client&)>& use) {
  std::vector<net::HttpRequest> requests;
  net::run([&](net::Loop& loop) -> net::Task<> {
    ScriptedService scripted(loop, answers);
    const std::unique_ptr<Client> client = scripted.client();
    co_await use(*client);
    requests = scripted.requests();
    co_await scripted.stop();
  });
  return requests;
}

TEST(EcsOperations, ListTasksReadsEveryPage) {
  const auto requests =
      requests_of({answer(200, R"({"taskArns":["a","b"],"nextToken":"t1"})"),
                   answer(200, R"({"taskArns":[],"nextToken":"t2"})"), answer(200, R"({"taskArns":["c"]})")},
                  [](Client& client) -> net::Task<> {
                    const auto tasks = co_await ecs::list_tasks(client, "prod", {{"serviceName", "web"}});
                    EXPECT_THAT(tasks.value_or(std::vector<std::string>{}), ElementsAre("a", "b", "c"));
                  });
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(sent(requests[0]), boost::json::parse(R"({"serviceName":"web","cluster":"prod"})"));
  EXPECT_EQ(sent(requests[2]),
            boost::json::parse(R"({"serviceName":"web","cluster":"prod","nextToken":"t2"})"));
}

TEST(EcsOperations, PagesThatDoNotEndAreAFailure) {
  requests_of(std::vector(2, answer(200, R"({"taskArns":["a"],"nextToken":"same"})")),
              [](Client& client) -> net::Task<> {
                const auto tasks = co_await ecs::list_tasks(client, "prod", {});
                EXPECT_FALSE(tasks);
                EXPECT_THAT(tasks ? "" : tasks.error().what, HasSubstr("pages do not end"));
              });
}

TEST(EcsOperations, ExecuteCommandAsksForTheOnlyModeThereIs) {
  const auto requests =
      requests_of({answer(200, R"({"clusterArn":"c","taskArn":"t","containerName":"app","interactive":true,
                       "session":{"sessionId":"s","streamUrl":"wss://x","tokenValue":"v"}})")},
                  [](Client& client) -> net::Task<> {
                    const auto session = co_await ecs::execute_command(client, "prod", "t", "", "ls");
                    EXPECT_TRUE(session);
                    const ecs::ExecSession opened = session.value_or(ecs::ExecSession{});
                    EXPECT_EQ(opened.stream_url, "wss://x");
                    EXPECT_EQ(opened.token_value.reveal(), "v");
                    EXPECT_EQ(opened.session_id, "s");
                    EXPECT_EQ(opened.container_name, "app");
                  });
  EXPECT_EQ(sent(requests.at(0)),
            boost::json::parse(R"({"cluster":"prod","task":"t","command":"ls","interactive":true})"));
}

TEST(EcsOperations, AnAnswerWithoutItsSubjectIsAFailure) {
  requests_of({answer(200, "{}"), answer(200, "{}"), answer(200, "{}")}, [](Client& client) -> net::Task<> {
    const auto session = co_await ecs::execute_command(client, "c", "t", "app", "ls");
    EXPECT_THAT(session ? "" : session.error().what, HasSubstr("no session"));
    const auto stopped = co_await ecs::stop_task(client, "c", "t", "why");
    EXPECT_THAT(stopped ? "" : stopped.error().what, HasSubstr("no task"));
    const auto definition = co_await ecs::describe_task_definition(client, "app");
    EXPECT_THAT(definition ? "" : definition.error().what, HasSubstr("no taskDefinition"));
  });
}

TEST(EcsOperations, RunTaskGivesTasksAndFailures) {
  requests_of(
      {answer(
          200,
          R"({"tasks":[{"taskArn":"a"}],"failures":[{"arn":"i","reason":"RESOURCE:CPU","detail":"d"}]})")},
      [](Client& client) -> net::Task<> {
        const auto ran = co_await ecs::run_task(client, {{"taskDefinition", "app"}});
        const ecs::DescribedTasks described = ran.value_or(ecs::DescribedTasks{});
        EXPECT_EQ(described.tasks.size(), 1U);
        EXPECT_EQ(described.failures.size(), 1U);
        EXPECT_EQ(described.failures.empty() ? "" : described.failures[0].reason, "RESOURCE:CPU");
      });
}

TEST(LogsOperations, GetLogEventsReadsFromTheHeadAndGoesOnFromTheToken) {
  const std::string page =
      R"({"events":[{"timestamp":5,"message":"m","ingestionTime":6}],"nextForwardToken":"f/1"})";
  const auto requests =
      requests_of({answer(200, page), answer(200, R"({"events":[],"nextForwardToken":"f/1"})")},
                  [](Client& client) -> net::Task<> {
                    const auto first = co_await logs::get_log_events(client, "/g", "s", "");
                    const logs::Page read = first.value_or(logs::Page{});
                    EXPECT_EQ(read.next_forward_token, "f/1");
                    EXPECT_EQ(read.events.size(), 1U);
                    EXPECT_EQ(read.events.empty() ? 0 : read.events[0].timestamp_ms, 5);
                    const auto again = co_await logs::get_log_events(client, "/g", "s", "f/1");
                    EXPECT_TRUE(again && again->events.empty());
                  });
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(sent(requests[0]),
            boost::json::parse(R"({"logGroupName":"/g","logStreamName":"s","startFromHead":true})"));
  EXPECT_EQ(sent(requests[1]),
            boost::json::parse(
                R"({"logGroupName":"/g","logStreamName":"s","startFromHead":true,"nextToken":"f/1"})"));
}

TEST(LogsOperations, FilterLogEventsReadsManyStreamsPageByPage) {
  const auto requests = requests_of(
      {answer(
           200,
           R"({"events":[{"eventId":"1","timestamp":1,"message":"a","logStreamName":"t"}],"nextToken":"x"})"),
       answer(200, R"({"events":[]})")},
      [](Client& client) -> net::Task<> {
        const logs::Filter filter{.group = "/g", .streams = {"s", "t"}, .start_ms = 1000};
        const Result<logs::FilteredPage> page = co_await logs::filter_log_events(client, filter, "");
        const logs::FilteredPage first = page.value_or(logs::FilteredPage{});
        EXPECT_EQ(first.events.empty() ? "" : first.events[0].id, "1");
        EXPECT_EQ(first.events.empty() ? "" : first.events[0].stream, "t");
        EXPECT_EQ(first.next_token, "x");
        const Result<logs::FilteredPage> last = co_await logs::filter_log_events(client, filter, "x");
        EXPECT_TRUE(last && last->events.empty() && last->next_token.empty());
      });
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(sent(requests[0]),
            boost::json::parse(R"({"logGroupName":"/g","logStreamNames":["s","t"],"startTime":1000})"));
  EXPECT_EQ(sent(requests[1]),
            boost::json::parse(
                R"({"logGroupName":"/g","logStreamNames":["s","t"],"startTime":1000,"nextToken":"x"})"));
}

// What resume_session() makes of the service's answers.
Result<std::string> resumed(const std::vector<net::HttpResponse>& answers) {
  Result<std::string> token;
  const auto requests = requests_of(answers, [&token](Client& client) -> net::Task<> {
    token = co_await ssm::resume_session(client, "ferry-1");
  });
  for (const net::HttpRequest& request : requests)
    EXPECT_EQ(sent(request), boost::json::parse(R"({"SessionId":"ferry-1"})"));
  EXPECT_EQ(requests.size(), answers.size());
  return token;
}

TEST(SsmOperations, ResumeSessionGivesAFreshToken) {
  EXPECT_EQ(resumed({answer(200, R"({"SessionId":"ferry-1","TokenValue":"t2","StreamUrl":"wss://x"})")}),
            "t2");
}

TEST(SsmOperations, ResumeSessionIsAskedAgainOfAServiceThatFails) {
  EXPECT_EQ(
      resumed({answer(500, R"({"__type":"InternalServerError"})"), answer(200, R"({"TokenValue":"t2"})")}),
      "t2");
}

TEST(SsmOperations, ASessionThatGetsNoTokenIsOver) {
  const auto without_token = resumed({answer(200, R"({"SessionId":"ferry-1"})")});
  ASSERT_FALSE(without_token);
  EXPECT_EQ(without_token.error().code, FailureCode::lost);
  EXPECT_THAT(without_token.error().what, HasSubstr("ferry-1"));
  const auto unknown =
      resumed({answer(400, R"({"__type":"DoesNotExistException","message":"No such session"})")});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, FailureCode::lost);
  EXPECT_THAT(unknown.error().what, HasSubstr("No such session"));
}

TEST(SsmOperations, ASessionThatWeMayNotAskForIsNotOver) {
  const auto denied = resumed({answer(400, R"({"__type":"AccessDeniedException","message":"no"})")});
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, FailureCode::denied);
}

TEST(SsmOperations, TerminateSessionNamesTheSession) {
  const auto requests =
      requests_of({answer(200, R"({"SessionId":"ferry-1"})")}, [](Client& client) -> net::Task<> {
        const auto terminated = co_await ssm::terminate_session(client, "ferry-1");
        EXPECT_TRUE(terminated);
      });
  EXPECT_EQ(net::find_header(requests.at(0).headers, "X-Amz-Target"), "AmazonSSM.TerminateSession");
  EXPECT_EQ(sent(requests[0]), boost::json::parse(R"({"SessionId":"ferry-1"})"));
}

Result<kms::DataKey> generated(const net::HttpResponse& given, std::vector<net::HttpRequest>& requests) {
  Result<kms::DataKey> key;
  requests = requests_of({given}, [&key](Client& client) -> net::Task<> {
    key = co_await kms::generate_data_key(client, "k1", 4, {{"aws:ssm:SessionId", "ferry-1"}});
  });
  return key;
}

TEST(KmsOperations, GenerateDataKeyGivesBothFormsOfTheKey) {
  std::vector<net::HttpRequest> requests;
  const auto key =
      generated(answer(200, R"({"KeyId":"k1","Plaintext":"AQIDBA==","CiphertextBlob":"/w=="})"), requests);
  ASSERT_TRUE(key) << key.error().line();
  EXPECT_EQ(key->plaintext, (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(key->ciphertext, Bytes{0xff});
  EXPECT_EQ(net::find_header(requests.at(0).headers, "X-Amz-Target"), "TrentService.GenerateDataKey");
  EXPECT_EQ(sent(requests[0]),
            boost::json::parse(
                R"({"KeyId":"k1","NumberOfBytes":4,"EncryptionContext":{"aws:ssm:SessionId":"ferry-1"}})"));
}

TEST(KmsOperations, AKeyOfAnotherSizeOrNoneIsAFailure) {
  for (const char* const body :
       {"{}", R"({"Plaintext":"AQID","CiphertextBlob":"/w=="})", R"({"Plaintext":"AQIDBA=="})",
        R"({"Plaintext":"?","CiphertextBlob":"/w=="})", R"({"Plaintext":7,"CiphertextBlob":"/w=="})"}) {
    std::vector<net::HttpRequest> requests;
    const auto key = generated(answer(200, body), requests);
    ASSERT_FALSE(key) << body;
    EXPECT_EQ(key.error().code, FailureCode::protocol) << body;
  }
}

}  // namespace
}  // namespace ferry::aws

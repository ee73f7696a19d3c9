#include "local/api/logs_operations.hpp"

#include "local/api/log_filter.hpp"
#include "net/clock.hpp"
#include "operation_runner.hpp"

#include <memory>
#include <string>
#include <vector>

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace ferry::local {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kStream = R"("logGroupName": "/app", "logStreamName": "s")";

std::vector<std::string> messages(const json::value& page) {
  std::vector<std::string> result;
  for (const json::value& event : page.at("events").as_array()) {
    result.emplace_back(event.at("message").as_string());
  }
  return result;
}

class Logs : public ::testing::Test {
 protected:
  Logs() {
    answer("CreateLogGroup", R"({"logGroupName": "/app"})");
    answer("CreateLogStream", std::string("{") + std::string(kStream) + "}");
  }
  json::value answer(std::string_view operation, std::string_view input) {
    auto result = run_operation(operations_, operation, input);
    EXPECT_TRUE(result) << result.error().message;
    return result ? json::value(*result) : json::value();
  }
  std::string refusal(std::string_view operation, std::string_view input) {
    const auto result = run_operation(operations_, operation, input);
    return result ? "accepted" : result.error().type + ": " + result.error().message;
  }
  json::object put_input(const std::vector<std::string>& texts, std::int64_t first_ms) {
    json::array events;
    for (const std::string& text : texts) events.push_back({{"timestamp", first_ms++}, {"message", text}});
    return {{"logGroupName", "/app"}, {"logStreamName", "s"}, {"logEvents", events}};
  }
  void put(const std::vector<std::string>& texts, std::int64_t first_ms) {
    answer("PutLogEvents", json::serialize(put_input(texts, first_ms)));
  }
  json::value get(json::object input) {
    input["logGroupName"] = "/app";
    input["logStreamName"] = "s";
    return answer("GetLogEvents", json::serialize(input));
  }
  json::value filter(json::object input) {
    input["logGroupName"] = "/app";
    return answer("FilterLogEvents", json::serialize(input));
  }

  std::int64_t now_ = net::wall_now().time_since_epoch().count();
  std::unique_ptr<Database> database_ = std::move(Database::open(":memory:").value());
  LogStore logs_{*database_};
  Operations operations_ = [this] {
    Operations all = logs_operations(logs_, "us-east-1");
    all.merge(logs_reading_operations(logs_, "us-east-1"));
    return all;
  }();
};

TEST_F(Logs, GroupsAndStreamsExistOnce) {
  EXPECT_EQ(refusal("CreateLogGroup", R"({"logGroupName": "/app"})"),
            "ResourceAlreadyExistsException: The specified log group already exists");
  EXPECT_EQ(refusal("CreateLogStream", R"({"logGroupName": "/app", "logStreamName": "s"})"),
            "ResourceAlreadyExistsException: The specified log stream already exists");
  EXPECT_EQ(refusal("CreateLogStream", R"({"logGroupName": "/nope", "logStreamName": "s"})"),
            "ResourceNotFoundException: The specified log group does not exist.");
  EXPECT_EQ(refusal("GetLogEvents", R"({"logGroupName": "/app", "logStreamName": "nope"})"),
            "ResourceNotFoundException: The specified log stream does not exist.");
}

TEST_F(Logs, MissingMembersAreNamed) {
  EXPECT_EQ(refusal("CreateLogGroup", "{}"),
            "InvalidParameterException: 1 validation error detected: Value null at 'logGroupName' failed to "
            "satisfy "
            "constraint: Member must not be null");
  EXPECT_THAT(refusal("PutLogEvents", R"({"logGroupName": "/app", "logStreamName": "s"})"),
              HasSubstr("'logEvents'"));
  EXPECT_THAT(refusal("GetLogEvents", R"({"logGroupName": "/app"})"), HasSubstr("'logStreamName'"));
}

TEST_F(Logs, AreReadFromTheHeadUntilTheTokenRepeats) {
  put({"one", "two", "three"}, now_);
  auto page = get({{"startFromHead", true}, {"limit", 2}});
  EXPECT_THAT(messages(page), ElementsAre("one", "two"));
  page = get({{"nextToken", page.at("nextForwardToken")}});
  EXPECT_THAT(messages(page), ElementsAre("three"));
  const json::value end = page.at("nextForwardToken");
  page = get({{"nextToken", end}});
  EXPECT_THAT(messages(page), IsEmpty());
  EXPECT_EQ(page.at("nextForwardToken"), end);
  put({"four"}, now_ + 3);
  page = get({{"nextToken", end}});
  EXPECT_THAT(messages(page), ElementsAre("four"));
}

TEST_F(Logs, AnEmptyStreamHasATokenToGoOnFrom) {
  const auto page = get({{"startFromHead", true}});
  EXPECT_THAT(messages(page), IsEmpty());
  put({"one"}, now_);
  EXPECT_THAT(messages(get({{"nextToken", page.at("nextForwardToken")}})), ElementsAre("one"));
}

TEST_F(Logs, AreReadBackwardsByDefault) {
  put({"one", "two", "three", "four"}, now_);
  auto page = get({{"limit", 2}});
  EXPECT_THAT(messages(page), ElementsAre("three", "four"));
  const json::value forward = page.at("nextForwardToken");
  page = get({{"nextToken", page.at("nextBackwardToken")}, {"limit", 10}});
  EXPECT_THAT(messages(page), ElementsAre("one", "two"));
  const json::value beginning = page.at("nextBackwardToken");
  page = get({{"nextToken", beginning}});
  EXPECT_THAT(messages(page), IsEmpty());
  EXPECT_EQ(page.at("nextBackwardToken"), beginning);
  EXPECT_THAT(messages(get({{"nextToken", page.at("nextForwardToken")}, {"limit", 1}})), ElementsAre("one"));
  EXPECT_THAT(messages(get({{"nextToken", forward}})), IsEmpty());
}

TEST_F(Logs, TimesBoundThem) {
  put({"one", "two", "three"}, now_);
  EXPECT_THAT(messages(get({{"startTime", now_ + 1}, {"endTime", now_ + 2}})), ElementsAre("two"));
  EXPECT_THAT(messages(filter({{"startTime", now_ + 1}, {"endTime", now_ + 2}})),
              ElementsAre("two", "three"));
}

TEST_F(Logs, BadTokensAndLimitsAreRefused) {
  for (const char* input :
       {R"("nextToken": "x")", R"("nextToken": "f/1/y")", R"("limit": 0)", R"("limit": 10001)"}) {
    const std::string request = std::string("{") + std::string(kStream) + ", " + input + "}";
    EXPECT_THAT(refusal("GetLogEvents", request), HasSubstr("InvalidParameterException")) << input;
  }
}

TEST_F(Logs, PagesEndAtOneMegabyte) {
  const std::string large(200'000, 'x');
  for (int i = 0; i < 7; ++i) put({large}, now_ + i);
  const auto page = get({{"startFromHead", true}});
  EXPECT_EQ(page.at("events").as_array().size(), 5U);
  EXPECT_EQ(get({{"nextToken", page.at("nextForwardToken")}}).at("events").as_array().size(), 2U);
}

TEST_F(Logs, PutRefusesWhatTheServiceRefuses) {
  const auto put_refusal = [&](const json::object& input) {
    return refusal("PutLogEvents", json::serialize(input));
  };
  EXPECT_EQ(put_refusal(put_input({std::string(262'144 - 26, 'x')}, now_)), "accepted");
  EXPECT_THAT(put_refusal(put_input({std::string(262'144 - 25, 'x')}, now_)),
              HasSubstr("Log event too large"));
  EXPECT_THAT(put_refusal(put_input(std::vector<std::string>(5, std::string(250'000, 'x')), now_)),
              HasSubstr("Upload too large"));
  EXPECT_THAT(put_refusal(put_input({}, now_)), HasSubstr("InvalidParameterException"));
  EXPECT_THAT(put_refusal(put_input({""}, now_)), HasSubstr("InvalidParameterException"));
  json::object disordered = put_input({"a", "b"}, now_);
  disordered["logEvents"].at(1).at("timestamp") = now_ - 1;
  EXPECT_THAT(put_refusal(disordered), HasSubstr("chronological order"));
}

TEST_F(Logs, PutSaysWhichEventsWereTooOldOrTooNew) {
  constexpr std::int64_t kDayMs = 86'400'000;
  json::object input = put_input({"old", "fits", "new"}, now_);
  input["logEvents"].at(0).at("timestamp") = now_ - 15 * kDayMs;
  input["logEvents"].at(2).at("timestamp") = now_ + kDayMs;
  const auto rejected = answer("PutLogEvents", json::serialize(input)).at("rejectedLogEventsInfo");
  EXPECT_EQ(rejected, json::parse(R"({"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2})"));
  EXPECT_THAT(messages(get({})), ElementsAre("fits"));
}

TEST_F(Logs, GroupsAndStreamsAreListedInPages) {
  answer("CreateLogGroup", R"({"logGroupName": "/app2"})");
  answer("CreateLogGroup", R"({"logGroupName": "/other"})");
  auto page = answer("DescribeLogGroups", R"({"logGroupNamePrefix": "/app", "limit": 1})");
  EXPECT_EQ(page.at("logGroups").at(0).at("logGroupName"), "/app");
  EXPECT_EQ(page.at("logGroups").at(0).at("arn"), "arn:aws:logs:us-east-1:123456789012:log-group:/app:*");
  json::object next{{"logGroupNamePrefix", "/app"}, {"nextToken", page.at("nextToken")}};
  page = answer("DescribeLogGroups", json::serialize(next));
  EXPECT_EQ(page.at("logGroups").at(0).at("logGroupName"), "/app2");
  EXPECT_FALSE(page.as_object().contains("nextToken"));

  answer("CreateLogStream", R"({"logGroupName": "/app", "logStreamName": "z"})");
  put({"one"}, now_);
  page = answer("DescribeLogStreams",
                R"({"logGroupName": "/app", "orderBy": "LastEventTime", "descending": true})");
  EXPECT_EQ(page.at("logStreams").at(0).at("logStreamName"), "s");
  EXPECT_EQ(page.at("logStreams").at(0).at("lastEventTimestamp"), now_);
  EXPECT_EQ(page.at("logStreams").as_array().size(), 2U);
  EXPECT_EQ(answer("DescribeLogStreams", R"({"logGroupName": "/app", "logStreamNamePrefix": "z"})")
                .at("logStreams")
                .as_array()
                .size(),
            1U);
}

TEST_F(Logs, FilterPagesAcrossStreamsAndIdentifiesEvents) {
  answer("CreateLogStream", R"({"logGroupName": "/app", "logStreamName": "t"})");
  put({"one", "three"}, now_);
  json::object other = put_input({"two"}, now_);
  other["logStreamName"] = "t";
  answer("PutLogEvents", json::serialize(other));
  std::vector<std::string> seen;
  std::vector<std::string> ids;
  json::object input{{"limit", 1}};
  for (;;) {
    const auto page = filter(input);
    for (const auto& event : page.at("events").as_array()) {
      seen.emplace_back(event.at("message").as_string());
      ids.emplace_back(event.at("eventId").as_string());
    }
    if (!page.as_object().contains("nextToken")) break;
    input["nextToken"] = page.at("nextToken");
  }
  EXPECT_THAT(seen, ElementsAre("one", "two", "three"));
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_THAT(messages(filter({{"logStreamNames", json::array{"t"}}})), ElementsAre("two"));
  EXPECT_THAT(messages(filter({{"logStreamNamePrefix", "s"}})), ElementsAre("one", "three"));
  EXPECT_THAT(messages(filter({{"logStreamNamePrefix", "none"}})), IsEmpty());
  EXPECT_THAT(messages(filter({{"filterPattern", "three"}})), ElementsAre("three"));
  EXPECT_THAT(refusal("FilterLogEvents", R"({"logGroupName": "/app", "logStreamNames": ["nope"]})"),
              HasSubstr("ResourceNotFoundException"));
  EXPECT_THAT(refusal("FilterLogEvents", R"({"logGroupName": "/app", "filterPattern": "{ $.a = 1 }"})"),
              HasSubstr("plain terms"));
}

bool matches(std::string_view pattern, std::string_view message) {
  return LogFilter::parse(pattern).value().matches(message);
}

TEST(LogFilter, MatchesByTerms) {
  EXPECT_TRUE(matches("", "anything"));
  EXPECT_TRUE(matches("ERROR timeout", "[ERROR] a timeout occurred"));
  EXPECT_FALSE(matches("ERROR timeout", "[ERROR] nothing else"));
  EXPECT_FALSE(matches("ERROR", "ERRORS")) << "a term is a whole word";
  EXPECT_FALSE(matches("error", "ERROR")) << "case counts";
  EXPECT_TRUE(matches("?ERROR ?WARN", "WARN: low"));
  EXPECT_FALSE(matches("?ERROR ?WARN", "INFO: fine"));
  EXPECT_FALSE(matches("ERROR -harmless", "ERROR harmless"));
  EXPECT_TRUE(matches("\"exit code 1\"", "it had exit code 1."));
  EXPECT_FALSE(matches("\"exit code 1\"", "it had exit code 12"));
}

TEST(LogFilter, RefusesWhatItDoesNotKnow) {
  for (const char* pattern : {"{ $.x = 1 }", "[a, b]", "%re%", "\"open", "?"}) {
    EXPECT_FALSE(LogFilter::parse(pattern)) << pattern;
  }
}

}  // namespace
}  // namespace ferry::local

#include "aws/xml_answer.hpp"

#include <string>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

namespace ferry::aws {
namespace {

boost::json::value parsed(std::string_view text) {
  const Result<boost::json::object> answer = parse_xml_answer(text);
  EXPECT_TRUE(answer) << answer.error().line();
  return answer.value_or(boost::json::object{});
}

// As the API reference of STS shows it.
constexpr std::string_view kIdentity =
    R"(<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
   <Arn>arn:aws:iam::123456789012:user/Alice</Arn>
    <UserId>AIDACKCEVSQ6C2EXAMPLE</UserId>
    <Account>123456789012</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata>
    <RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId>
  </ResponseMetadata>
</GetCallerIdentityResponse>)";

TEST(XmlAnswer, ReadsAnAnswerOfSts) {
  EXPECT_EQ(parsed(kIdentity), boost::json::parse(R"({"GetCallerIdentityResponse":{
      "GetCallerIdentityResult":{"Arn":"arn:aws:iam::123456789012:user/Alice",
        "UserId":"AIDACKCEVSQ6C2EXAMPLE","Account":"123456789012"},
      "ResponseMetadata":{"RequestId":"01234567-89ab-cdef-0123-456789abcdef"}}})"));
}

TEST(XmlAnswer, ReadsListsEntitiesCommentsAndEmptyElements) {
  EXPECT_EQ(parsed("<?xml version=\"1.0\"?><!-- c --><A><L><member>1</member><member>2</member></L>"
                   "<One><member>x</member></One><E/><T>&lt;&amp;&#65;&#x20AC;&quot;</T><!-- d --></A>\n"),
            boost::json::parse(R"({"A":{"L":["1","2"],"One":["x"],"E":"","T":"<&A€\""}})"));
}

TEST(XmlAnswer, EveryPrefixOfAnAnswerIsRefused) {
  for (std::size_t length = 0; length < kIdentity.size(); ++length) {
    const Result<boost::json::object> answer = parse_xml_answer(kIdentity.substr(0, length));
    ASSERT_FALSE(answer) << "accepted " << length << " bytes";
    EXPECT_EQ(answer.error().code, FailureCode::protocol);
  }
}

TEST(XmlAnswer, RefusesWhatIsNoAnswer) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<a>";
  for (const std::string& text :
       {std::string("plain"), std::string("<a></b>"), std::string("<a>&nope;</a>"),
        std::string("<a>&amp</a>"), std::string("<a/><b/>"), std::string("<!DOCTYPE a><a/>"),
        std::string("<a>\xff</a>"), std::string("<a><b/><b/></a>"), std::string("<a>&#xD800;</a>"), deep}) {
    EXPECT_FALSE(parse_xml_answer(text)) << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace ferry::aws

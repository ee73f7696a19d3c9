#include "doctor_facts.hpp"
#include "feature/doctor/iam_policy.hpp"

#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

Access ask(const std::vector<Policy>& policies, const std::string& action,
           const std::string& resource = "*") {
  return evaluate(policies, {.action = action, .resource = resource, .principal = {}, .context = {}}).access;
}

TEST(IamPolicy, Wildcards) {
  EXPECT_TRUE(matches_wildcard("*", ""));
  EXPECT_TRUE(matches_wildcard("a*c", "abbc"));
  EXPECT_TRUE(matches_wildcard("a*b*c", "a-b-b-c"));
  EXPECT_TRUE(matches_wildcard("a?c", "abc"));
  EXPECT_FALSE(matches_wildcard("a?c", "ac"));
  EXPECT_FALSE(matches_wildcard("a*c", "abd"));
  EXPECT_FALSE(matches_wildcard("", "a"));
  EXPECT_FALSE(matches_wildcard("arn:aws:s3:::b/*", "arn:aws:s3:::b"));
}

TEST(IamPolicy, NothingIsAllowedUnlessSaid) {
  EXPECT_EQ(ask({}, "s3:GetObject"), Access::not_allowed);
  EXPECT_EQ(ask({allowing("p", "s3:Put*")}, "s3:GetObject"), Access::not_allowed);
  EXPECT_EQ(ask({allowing("p", "s3:g*")}, "s3:GetObject"), Access::allowed);
}

TEST(IamPolicy, ADenyOutweighsEveryAllow) {
  const std::vector<Policy> policies{allowing("a", "*"), denying("d", "s3:*")};
  EXPECT_EQ(ask(policies, "s3:GetObject"), Access::explicitly_denied);
  EXPECT_EQ(ask(policies, "ecs:RunTask"), Access::allowed);
}

TEST(IamPolicy, ResourcesAndTheirOpposite) {
  EXPECT_EQ(ask({allowing("p", "s3:*", "arn:aws:s3:::a/*")}, "s3:GetObject", "arn:aws:s3:::a/x"),
            Access::allowed);
  EXPECT_EQ(ask({allowing("p", "s3:*", "arn:aws:s3:::a/*")}, "s3:GetObject", "arn:aws:s3:::b/x"),
            Access::not_allowed);
  const Policy others =
      policy("p", R"({"Statement":{"Effect":"Allow","Action":["s3:*"],"NotResource":["arn:aws:s3:::a/*"]}})");
  EXPECT_EQ(ask({others}, "s3:GetObject", "arn:aws:s3:::a/x"), Access::not_allowed);
  EXPECT_EQ(ask({others}, "s3:GetObject", "arn:aws:s3:::b/x"), Access::allowed);
}

TEST(IamPolicy, NotActionIsAllOthers) {
  const Policy most = policy("p", R"({"Statement":{"Effect":"Allow","NotAction":["iam:*"],"Resource":"*"}})");
  EXPECT_EQ(ask({most}, "iam:GetRole"), Access::not_allowed);
  EXPECT_EQ(ask({most}, "s3:GetObject"), Access::allowed);
}

TEST(IamPolicy, ConditionsAndVariablesStayUnknown) {
  const Policy if_mfa = policy(
      "p",
      R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}})");
  const Policy own = allowing("p", "s3:*", "arn:aws:s3:::${aws:username}/*");
  const Policy not_if = policy(
      "d",
      R"({"Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"aws:TagKeys":"true"}}}})");
  EXPECT_EQ(ask({if_mfa}, "s3:GetObject"), Access::unknown);
  EXPECT_EQ(ask({own}, "s3:GetObject", "arn:aws:s3:::x/y"), Access::unknown);
  EXPECT_EQ(ask({allowing("a", "*"), not_if}, "s3:GetObject"), Access::unknown);
  EXPECT_EQ(ask({not_if}, "s3:GetObject"), Access::not_allowed);
  EXPECT_EQ(ask({if_mfa, allowing("a", "*")}, "s3:GetObject"), Access::allowed);
}

TEST(IamPolicy, KnownContextDecidesAConditon) {
  const Policy trust =
      trusting("ecs-tasks.amazonaws.com", R"({"StringEquals":{"aws:SourceAccount":["1","2"]}})");
  AccessQuestion question{.action = "sts:AssumeRole",
                          .resource = {},
                          .principal = "ecs-tasks.amazonaws.com",
                          .context = {{"aws:sourceaccount", "2"}}};
  EXPECT_EQ(evaluate({&trust, 1}, question).access, Access::allowed);
  question.context["aws:sourceaccount"] = "3";
  EXPECT_EQ(evaluate({&trust, 1}, question).access, Access::not_allowed);
  question.principal = "ec2.amazonaws.com";
  EXPECT_EQ(evaluate({&trust, 1}, question).access, Access::not_allowed);
}

TEST(IamPolicy, APrincipalMayBeEverybody) {
  const Policy open =
      policy("trust", R"({"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}})");
  EXPECT_EQ(
      evaluate({&open, 1}, {.action = "sts:AssumeRole", .resource = {}, .principal = "x", .context = {}})
          .access,
      Access::allowed);
}

TEST(IamPolicy, RefusesWhatIsNoDocument) {
  for (const char* text : {"", "[]", "{}", "{\"Statement\":", "7"})
    EXPECT_FALSE(parse_policy("p", "", text)) << text;
  EXPECT_TRUE(parse_policy("p", "", R"({"Statement":[7,{"Action":{"a":1}}]})"));
}

TEST(IamPolicy, DocumentsComeUrlEncoded) {
  EXPECT_EQ(url_decoded("%7B%22a%22%3A+1%7D"), "{\"a\":+1}");
  EXPECT_EQ(url_decoded("100%"), "100%");
  EXPECT_EQ(url_decoded("%zz%4"), "%zz%4");
}

}  // namespace
}  // namespace ferry::feature

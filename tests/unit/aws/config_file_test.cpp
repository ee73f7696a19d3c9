#include "aws/config_file.hpp"

#include <gmock/gmock.h>

namespace ferry::aws {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNull;
using testing::Not;
using testing::NotNull;
using testing::Pair;

ConfigFile parsed(std::string_view text) {
  Result<ConfigFile> file = parse_config_file(text);
  EXPECT_TRUE(file) << file.error().line();
  return file.value_or(ConfigFile{});
}

std::string refusal(std::string_view text) {
  const Result<ConfigFile> file = parse_config_file(text);
  return file ? "accepted" : file.error().what;
}

TEST(ConfigFile, ReadsSectionsAndOptions) {
  const ConfigFile file = parsed("[default]\nregion=eu-west-1\n\n[profile dev]\n  Region : us-east-1  \r\n");
  EXPECT_THAT(file, ElementsAre(Pair("default", ElementsAre(Pair("region", "eu-west-1"))),
                                Pair("profile dev", ElementsAre(Pair("region", "us-east-1")))));
}

TEST(ConfigFile, OnlyWholeLinesAreComments) {
  const ConfigFile file = parsed("# one\n[a]\n; two\n  # three\nkey = value # four ; five\n");
  EXPECT_THAT(file, ElementsAre(Pair("a", ElementsAre(Pair("key", "value # four ; five")))));
}

TEST(ConfigFile, AValueKeepsLaterDelimiters) {
  const ConfigFile file = parsed("[a]\nrole_arn = arn:aws:iam::1:role/x\nsecret=a=b=:c\nempty =\n");
  EXPECT_THAT(
      *find_config_section(file, "a"),
      ElementsAre(Pair("empty", ""), Pair("role_arn", "arn:aws:iam::1:role/x"), Pair("secret", "a=b=:c")));
}

TEST(ConfigFile, IndentedLinesContinueAValue) {
  const ConfigFile file =
      parsed("[services s]\necs =\n  endpoint_url = http://e\n  max = 1\n\nssm =\n  a = b\n\n");
  EXPECT_THAT(nested_options(config_value(*find_config_section(file, "services s"), "ecs")),
              ElementsAre(Pair("endpoint_url", "http://e"), Pair("max", "1")));
  EXPECT_THAT(nested_options(config_value(*find_config_section(file, "services s"), "ssm")),
              ElementsAre(Pair("a", "b")));
}

TEST(ConfigFile, AnIndentedSectionIsASectionWhereNoValueCanGoOn) {
  EXPECT_THAT(parsed("[a]\n  [b]\n  k = v\n"),
              ElementsAre(Pair("a", ElementsAre()), Pair("b", ElementsAre(Pair("k", "v")))));
}

TEST(ConfigFile, TheDefaultSectionStandsForAllOthers) {
  EXPECT_THAT(parsed("[DEFAULT]\nregion = r\noutput = json\n[a]\nregion = own\n"),
              ElementsAre(Pair("a", ElementsAre(Pair("output", "json"), Pair("region", "own")))));
}

TEST(ConfigFile, RefusalsNameTheLineAndQuoteNoValue) {
  EXPECT_THAT(refusal("key = value\n"), HasSubstr("line 1: expected a [section]"));
  EXPECT_THAT(refusal("[a]\nk = v\nno delimiter\n"), HasSubstr("line 3: expected [section] or name = value"));
  EXPECT_THAT(refusal("[a]\n= v\n"), HasSubstr("line 2"));
  EXPECT_THAT(refusal("[]\n"), HasSubstr("line 1"));
  EXPECT_THAT(refusal("[a]\n\n[a]\n"), HasSubstr("line 3: section [a] is there twice"));
  EXPECT_THAT(refusal("[a]\nkey = secret1\nKEY = secret2\n"), HasSubstr("line 3: option key is there twice"));
  EXPECT_THAT(refusal("[a]\ns3 =\n  a = b\n  secret\n"),
              AllOf(HasSubstr("line 4"), Not(HasSubstr("secret"))));
  EXPECT_THAT(refusal("[a]\nsecret"), Not(HasSubstr("secret")));
}

TEST(ConfigFile, FindsSectionsByKindAndName) {
  const ConfigFile file =
      parsed("[profile dev]\n[profile \"two words\"]\n[profile\ttab]\n[profilex]\n[dev2]\n[profile a b]\n");
  EXPECT_THAT(find_config_section(file, "profile", "dev"), NotNull());
  EXPECT_THAT(find_config_section(file, "profile", "two words"), NotNull());
  EXPECT_THAT(find_config_section(file, "profile", "tab"), NotNull());
  EXPECT_THAT(find_config_section(file, "profile", "x"), IsNull());
  EXPECT_THAT(find_config_section(file, "profile", "dev2"), IsNull());
  EXPECT_THAT(find_config_section(file, "profile", "a b"), IsNull());
  EXPECT_THAT(find_config_section(file, "dev2"), NotNull());
}

TEST(ConfigFile, OfSectionsWithOneNameTheLastCounts) {
  const ConfigFile file =
      parsed("[profile \"x\"]\nk=1\n[profile x]\nk=2\n[profile default]\nk=3\n[default]\nk=4\n");
  EXPECT_EQ(config_value(*find_config_section(file, "profile", "x"), "k"), "2");
  EXPECT_EQ(config_value(*find_config_section(file, "profile", "default"), "k"), "4");
}

}  // namespace
}  // namespace ferry::aws

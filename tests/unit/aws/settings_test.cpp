#include "aws/settings.hpp"

#include "environment.hpp"

#include <gmock/gmock.h>

namespace ferry::aws {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SettingsTest : public testing::Test {
 protected:
  SettingsTest() { variables["HOME"] = home.path(); }

  void use_static_keys() {
    variables["AWS_ACCESS_KEY_ID"] = "AKENV";
    variables["AWS_SECRET_ACCESS_KEY"] = "env-secret";
    variables["AWS_REGION"] = "us-east-1";
  }
  [[nodiscard]] Result<Settings> resolve() const {
    return resolve_settings(flags, environment_of(variables));
  }
  [[nodiscard]] Settings resolved() const {
    Result<Settings> settings = resolve();
    EXPECT_TRUE(settings) << settings.error().line();
    return settings.value_or(Settings{});
  }
  [[nodiscard]] Credentials keys() const {
    const CredentialSource source = resolved().credentials;
    const auto* keys = std::get_if<Credentials>(&source.kind);
    EXPECT_NE(keys, nullptr) << source.method;
    return keys == nullptr ? Credentials{} : *keys;
  }
  [[nodiscard]] Failure refused() const {
    const Result<Settings> settings = resolve();
    EXPECT_FALSE(settings);
    return settings ? Failure{} : settings.error();
  }

  TemporaryHome home;
  Variables variables;
  Flags flags;
};

TEST_F(SettingsTest, KeysComeFromTheEnvironmentFirst) {
  home.write(".aws/credentials", "[default]\naws_access_key_id=AKFILE\naws_secret_access_key=s\n");
  use_static_keys();
  variables["AWS_SESSION_TOKEN"] = "token";
  const Credentials credentials = keys();
  EXPECT_EQ(credentials.access_key_id, "AKENV");
  EXPECT_EQ(credentials.secret_access_key.reveal(), "env-secret");
  EXPECT_EQ(credentials.session_token.reveal(), "token");
  EXPECT_EQ(resolved().credentials.description, "environment");
}

TEST_F(SettingsTest, AProfileByFlagOverrulesTheEnvironmentsKeysAndOneByVariableDoesNot) {
  home.write(".aws/credentials",
             "[dev]\naws_access_key_id=AKDEV\naws_secret_access_key=s\naws_session_token=t\n");
  home.write(".aws/config", "[profile dev]\nregion = eu-north-1\n");
  use_static_keys();
  variables["AWS_PROFILE"] = "dev";
  EXPECT_EQ(keys().access_key_id, "AKENV");
  flags.profile = "dev";
  const Credentials credentials = keys();
  EXPECT_EQ(credentials.access_key_id, "AKDEV");
  EXPECT_EQ(credentials.session_token.reveal(), "t");
  EXPECT_EQ(resolved().credentials.description, "profile dev in " + home.path(".aws/credentials"));
}

TEST_F(SettingsTest, ProfilesMayKeepKeysAndRegionInTheConfigFile) {
  home.write(
      ".aws/config",
      "[profile one]\naws_access_key_id=AKONE\naws_secret_access_key=s\nregion=eu-south-1\n"
      "[default]\naws_access_key_id=AKDEF\naws_secret_access_key=s\nregion=eu-west-3\nca_bundle=/ca.pem\n");
  EXPECT_EQ(keys().access_key_id, "AKDEF");
  EXPECT_EQ(resolved().region, "eu-west-3");
  EXPECT_EQ(resolved().ca_bundle, "/ca.pem");
  variables["AWS_PROFILE"] = "one";
  EXPECT_EQ(keys().access_key_id, "AKONE");
  EXPECT_EQ(resolved().region, "eu-south-1");
  EXPECT_EQ(resolved().ca_bundle, "");
}

TEST_F(SettingsTest, FilesMayBeElsewhere) {
  home.write("c1", "[profile p]\nregion=eu-west-1\n");
  home.write("c2", "[p]\naws_access_key_id=AKP\naws_secret_access_key=s\n");
  variables["AWS_CONFIG_FILE"] = "~/c1";
  variables["AWS_SHARED_CREDENTIALS_FILE"] = home.path("c2");
  variables["AWS_DEFAULT_PROFILE"] = "p";
  EXPECT_EQ(keys().access_key_id, "AKP");
  EXPECT_EQ(resolved().region, "eu-west-1");
}

TEST_F(SettingsTest, TheRegionsOrder) {
  home.write(".aws/config", "[default]\nregion = d\n");
  use_static_keys();
  variables.erase("AWS_REGION");
  EXPECT_EQ(resolved().region, "d");
  variables["AWS_DEFAULT_REGION"] = "c";
  EXPECT_EQ(resolved().region, "c");
  variables["AWS_REGION"] = "b";
  EXPECT_EQ(resolved().region, "b");
  flags.region = "a";
  EXPECT_EQ(resolved().region, "a");
}

TEST_F(SettingsTest, WithoutKeysEachSourceIsNamed) {
  variables["AWS_EC2_METADATA_DISABLED"] = "true";
  variables["AWS_REGION"] = "us-east-1";
  const Failure failure = refused();
  EXPECT_EQ(failure.code, FailureCode::not_found);
  EXPECT_THAT(failure.line(),
              AllOf(HasSubstr("AWS_ACCESS_KEY_ID"), HasSubstr("profile 'default'"),
                    HasSubstr(home.path(".aws/credentials")), HasSubstr(home.path(".aws/config")),
                    HasSubstr("aws configure"), Not(HasSubstr("\n"))));
}

TEST_F(SettingsTest, WithoutARegionEachSourceIsNamed) {
  use_static_keys();
  variables.erase("AWS_REGION");
  EXPECT_THAT(refused().line(), AllOf(HasSubstr("--region"), HasSubstr("AWS_REGION"),
                                      HasSubstr("AWS_DEFAULT_REGION"), HasSubstr(home.path(".aws/config"))));
}

TEST_F(SettingsTest, ARegionThatWouldMakeAnotherHostIsRefused) {
  use_static_keys();
  for (const std::string region : {"us east-1", "evil.example/", "US-EAST-1", "-x", "a@b"}) {
    flags.region = region;
    EXPECT_EQ(refused().code, FailureCode::usage) << region;
  }
}

TEST_F(SettingsTest, AnUnknownProfileIsRefusedWhoeverNamesIt) {
  use_static_keys();
  variables["AWS_PROFILE"] = "nope";
  EXPECT_THAT(refused().what, AllOf(HasSubstr("'nope'"), HasSubstr("AWS_PROFILE")));
  variables.erase("AWS_PROFILE");
  flags.profile = "nope";
  EXPECT_THAT(refused().what, AllOf(HasSubstr("'nope'"), HasSubstr("--profile")));
}

TEST_F(SettingsTest, EachKindOfProfileIsASourceOfItsOwn) {
  variables["AWS_REGION"] = "us-east-1";
  home.write(".aws/credentials", "[keys]\naws_access_key_id=AK\naws_secret_access_key=s\n");
  const std::string center = "sso_account_id=1\nsso_role_name=r\n";
  const std::pair<std::string, const char*> kinds[] = {
      {"role_arn=arn:aws:iam::1:role/r\nsource_profile=keys\n", "assume-role"},
      {"role_arn=arn:aws:iam::1:role/r\nweb_identity_token_file=/t\n", "assume-role-with-web-identity"},
      {center + "sso_start_url=https://x\nsso_region=us-east-1\n", "sso"},
      {center + "sso_session=mine\n[sso-session mine]\nsso_start_url=https://x\nsso_region=us-east-1\n",
       "sso"},
      {"credential_process=program 'with words'\n", "custom-process"},
      {"login_session=arn:aws:iam::1:user/me\n", "login"},
      {"aws_access_key_id=AK\naws_secret_access_key=s\n", "config-file"},
      {"output=json\n", "iam-role"}};
  for (const auto& [options, method] : kinds) {
    home.write(".aws/config", "[default]\n" + options);
    EXPECT_EQ(resolved().credentials.method, method) << options;
  }
  variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/x";
  EXPECT_EQ(resolved().credentials.method, "container-role");
}

TEST_F(SettingsTest, ARoleNamesWhoAssumesIt) {
  variables["AWS_REGION"] = "us-east-1";
  const std::pair<std::string, const char*> wrongs[] = {
      {"", "neither source_profile nor credential_source"},
      {"source_profile=a\ncredential_source=Environment\n", "both"},
      {"source_profile=nobody\n", "'nobody'"},
      {"source_profile=default\n", "in a circle"},
      {"credential_source=Moon\n", "'Moon'"},
      {"source_profile=empty\n[profile empty]\noutput=json\n", "has no credentials"}};
  for (const auto& [options, said] : wrongs) {
    home.write(".aws/config", "[default]\nrole_arn=arn:aws:iam::1:role/r\n" + options);
    EXPECT_THAT(refused().what, HasSubstr(said));
  }
}

TEST_F(SettingsTest, AProgramForCredentialsThatCallsFerryAgainComesToAnEnd) {
  variables["AWS_REGION"] = "us-east-1";
  variables["FERRY_FETCHES_CREDENTIALS"] = "1";
  home.write(".aws/config", "[default]\ncredential_process=ferry whoami\n");
  EXPECT_THAT(refused().what, HasSubstr("asked ferry for its own credentials"));
}

TEST_F(SettingsTest, HalfAKeyPairIsRefused) {
  variables["AWS_REGION"] = "us-east-1";
  variables["AWS_ACCESS_KEY_ID"] = "AK";
  EXPECT_THAT(refused().what, HasSubstr("environment has only one half"));
  variables.erase("AWS_ACCESS_KEY_ID");
  home.write(".aws/credentials", "[default]\naws_access_key_id=AK\n");
  EXPECT_THAT(refused().what, HasSubstr(home.path(".aws/credentials")));
}

TEST_F(SettingsTest, AKeyWithALineEndIsRefusedUnquoted) {
  use_static_keys();
  variables["AWS_SECRET_ACCESS_KEY"] = "hush\nX-Injected: 1";
  EXPECT_THAT(refused().line(), AllOf(HasSubstr("environment"), Not(HasSubstr("hush"))));
}

TEST_F(SettingsTest, AMalformedFileIsNamedWithItsLine) {
  use_static_keys();
  home.write(".aws/config", "[default]\nregion us-east-1\n");
  EXPECT_THAT(refused().what, AllOf(HasSubstr(home.path(".aws/config")), HasSubstr("line 2")));
}

TEST_F(SettingsTest, PublicEndpointsFollowTheRegionsPartition) {
  use_static_keys();
  EXPECT_EQ(resolved().endpoint(Service::ecs), "https://ecs.us-east-1.amazonaws.com");
  EXPECT_EQ(resolved().endpoint(Service::logs), "https://logs.us-east-1.amazonaws.com");
  variables["AWS_REGION"] = "cn-north-1";
  EXPECT_EQ(resolved().endpoint(Service::sts), "https://sts.cn-north-1.amazonaws.com.cn");
  variables["AWS_REGION"] = "us-gov-west-1";
  EXPECT_EQ(resolved().endpoint(Service::ssm), "https://ssm.us-gov-west-1.amazonaws.com");
}

TEST_F(SettingsTest, IamHasOneEndpointInAPartition) {
  use_static_keys();
  variables["AWS_REGION"] = "eu-central-1";
  EXPECT_EQ(resolved().endpoint(Service::iam), "https://iam.amazonaws.com");
  EXPECT_EQ(resolved().endpoint(Service::ec2), "https://ec2.eu-central-1.amazonaws.com");
  variables["AWS_REGION"] = "cn-northwest-1";
  EXPECT_EQ(resolved().endpoint(Service::iam), "https://iam.cn-north-1.amazonaws.com.cn");
  variables["AWS_REGION"] = "us-gov-east-1";
  EXPECT_EQ(resolved().endpoint(Service::iam), "https://iam.us-gov.amazonaws.com");
}

TEST_F(SettingsTest, TheEndpointsOrder) {
  use_static_keys();
  const auto endpoint = [this](Service service) { return resolved().endpoint(service); };
  home.write(".aws/config",
             "[default]\nendpoint_url = http://profile\nservices = mine\n"
             "[services mine]\ncloudwatch_logs =\n  endpoint_url = http://section\n");
  EXPECT_EQ(endpoint(Service::ecs), "http://profile");
  EXPECT_EQ(endpoint(Service::logs), "http://section");
  variables["AWS_ENDPOINT_URL"] = "http://all";
  EXPECT_EQ(endpoint(Service::logs), "http://all");
  variables["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] = "http://logs";
  variables["AWS_ENDPOINT_URL_ECS"] = "http://ecs";
  EXPECT_EQ(endpoint(Service::logs), "http://logs");
  EXPECT_EQ(endpoint(Service::ecs), "http://ecs");
  EXPECT_EQ(endpoint(Service::ssm), "http://all");
  variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(endpoint(Service::ecs), "https://ecs.us-east-1.amazonaws.com");
  flags.endpoint_url = "http://flag";
  EXPECT_EQ(endpoint(Service::ecs), "http://flag");
  EXPECT_EQ(endpoint(Service::sts), "http://flag");
}

TEST_F(SettingsTest, WebsocketsOfSessionsAreDialledWhereTheirOwnSettingSays) {
  use_static_keys();
  const auto channel = [this] { return resolved().channel_endpoint; };
  home.write(".aws/config", "[default]\nendpoint_url = http://profile\n");
  variables["AWS_ENDPOINT_URL"] = "http://all";
  flags.endpoint_url = "http://flag";
  EXPECT_EQ(channel(), "");
  home.write(
      ".aws/config",
      "[default]\nservices = mine\n[services mine]\nssmmessages =\n  endpoint_url = https://section\n");
  EXPECT_EQ(channel(), "https://section");
  variables["AWS_ENDPOINT_URL_SSMMESSAGES"] = "https://variable";
  EXPECT_EQ(channel(), "https://variable");
  EXPECT_EQ(resolve_channel_endpoint(flags, environment_of(variables)), "https://variable");
  variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(channel(), "");
}

TEST_F(SettingsTest, AHostForWebsocketsHasNoPath) {
  use_static_keys();
  for (const std::string value : {"https://host/path", "nonsense", "ftp://host", "https://host/?a"}) {
    variables["AWS_ENDPOINT_URL_SSMMESSAGES"] = value;
    EXPECT_EQ(refused().code, FailureCode::usage) << value;
    EXPECT_THAT(refused().what, HasSubstr("AWS_ENDPOINT_URL_SSMMESSAGES")) << value;
  }
}

TEST_F(SettingsTest, WithoutAnyCredentialsTheHostForWebsocketsIsKnownAllTheSame) {
  variables["AWS_ENDPOINT_URL_SSMMESSAGES"] = "https://variable";
  variables["AWS_PROFILE"] = "nobody";
  EXPECT_EQ(resolve_channel_endpoint(flags, environment_of(variables)), "https://variable");
}

TEST_F(SettingsTest, AServicesSectionThatIsNotThereIsRefused) {
  use_static_keys();
  home.write(".aws/config", "[default]\nservices = mine\n");
  EXPECT_THAT(refused().what, HasSubstr("[services mine]"));
}

TEST(Services, HaveTheirNames) {
  for (const std::string_view name : {"ecs", "logs", "ssm", "sts"}) {
    const std::optional<Service> service = service_by_name(name);
    ASSERT_TRUE(service) << name;
    EXPECT_EQ(service_name(*service), name);
  }
  EXPECT_FALSE(service_by_name("s3"));
}

}  // namespace
}  // namespace ferry::aws

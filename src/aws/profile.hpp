// The profile that a call uses: which name, and what the two shared files say of it.
// Reads at most two files of at most 1 MiB each.
#pragma once

#include "aws/config_file.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"

#include <string>

namespace ferry::aws {

struct Profile {
  std::string name;
  std::string name_source;  // "--profile", "AWS_PROFILE", ...; empty for the default
  std::string config_path;  // where the files were looked for; empty where there is no home folder
  std::string credentials_path;
  ConfigSection config;       // of [profile NAME]; empty where there is none
  ConfigSection credentials;  // of [NAME] in the credentials file
  ConfigSection services;     // of the [services ...] section that the profile names
  ConfigSection sso_session;  // likewise [sso-session ...]

  // As botocore merges them: the credentials file wins.
  [[nodiscard]] std::string value(std::string_view option) const;
};

// Failures: usage for a malformed file, not_found for a profile that was asked for and is in neither file,
// local_system for a file that is there and cannot be read.
Result<Profile> load_profile(const Flags& flags, const Environment& environment);

// The variable's value, empty where it is not set.
std::string environment_value(const Environment& environment, std::string_view name);

// A value, and who says so: "AWS_REGION", "profile dev". Both are empty where nobody does.
struct Setting {
  std::string value, origin;
};

// Of the environment's variable, else the profile's option.
Setting find_setting(const Environment& environment, const Profile& profile, std::string_view variable,
                     std::string_view option);

}  // namespace ferry::aws

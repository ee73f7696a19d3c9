#include "aws/profile.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <numeric>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

constexpr std::size_t kMostFileBytes = 1U << 20U;

// $NAME and ${NAME} by their values; variables that are not set stand for themselves.
std::string with_variables(std::string_view text, const Environment& environment) {
  const auto is_name = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  std::string result;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find('$'), text.size());
    result += text.substr(0, begin);
    text.remove_prefix(begin);
    const bool is_braced = text.starts_with("${");
    const std::string_view rest = text.substr(std::min<std::size_t>(is_braced ? 2 : 1, text.size()));
    const auto end = is_braced ? std::ranges::find(rest, '}') : std::ranges::find_if_not(rest, is_name);
    const std::string_view name(rest.begin(), end);
    std::string_view whole = text.substr(0, text.size() - static_cast<std::size_t>(rest.end() - end));
    if (is_braced && end != rest.end()) whole = text.substr(0, whole.size() + 1);
    result += environment(name).value_or(std::string(whole));
    text.remove_prefix(whole.size());
  }
  return result;
}

std::string with_home(const std::string& path, const Environment& environment) {
  if (path != "~" && !path.starts_with("~/")) return path;
  const std::string home = environment_value(environment, "HOME");
  return home.empty() ? std::string{} : home + path.substr(1);
}

std::string path_of(const Environment& environment, std::string_view variable, std::string_view usual) {
  const std::string named = environment_value(environment, variable);
  return with_home(with_variables(named.empty() ? usual : named, environment), environment);
}

// A file that is not there is an empty one, as for every AWS tool.
Result<ConfigFile> read_config_file(const std::string& path) {
  struct stat status{};
  if (path.empty() || stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return ConfigFile{};
  if (static_cast<std::uintmax_t>(status.st_size) > kMostFileBytes) {
    return fail(FailureCode::usage, fmt::format("{} is larger than {} bytes", path, kMostFileBytes));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(system_failure(fmt::format("cannot open {}", path), errno));
  const ConfigText text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return fail(system_failure(fmt::format("cannot read {}", path), errno));
  Result<ConfigFile> parsed = parse_config_file(text);
  if (!parsed) return fail(parsed.error().in(fmt::format("cannot read {}", path)));
  return parsed;
}

// AWS_DEFAULT_PROFILE comes first in botocore, and so in the AWS CLI: ferry must not act in another account.
void choose_name(const Flags& flags, const Environment& environment, Profile& profile) {
  profile.name = flags.profile;
  profile.name_source = "--profile";
  for (const std::string_view variable : {"AWS_DEFAULT_PROFILE", "AWS_PROFILE"}) {
    if (!profile.name.empty()) return;
    profile.name = environment_value(environment, variable);
    profile.name_source = variable;
  }
  if (!profile.name.empty()) return;
  profile.name = "default";
  profile.name_source.clear();
}

// How many letters must be changed, added or left out to make one of the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

// What to try instead of a profile that is in neither file: those whose names are like it, else all.
std::string near_names(const std::string& name, const ConfigFile& config, const ConfigFile& credentials) {
  constexpr std::size_t kMostShown = 10;
  std::set<std::string> all;
  for (const auto& [section, options] : config) {
    if (auto profile = name_in_title(section, "profile")) all.insert(std::move(*profile));
    if (section == "default") all.insert(section);
  }
  for (const auto& [section, options] : credentials) all.insert(section);
  const auto is_near = [&name](const std::string& other) {
    return equals_ignoring_case(name, other) ||
           distance(name, other) <= std::max<std::size_t>(1, name.size() / 4);
  };
  std::vector<std::string> shown;
  std::ranges::copy_if(all, std::back_inserter(shown), is_near);
  if (!shown.empty()) return fmt::format("did you mean {}?", join(shown, " or "));
  if (all.empty()) return "add it there (`aws configure`)";
  shown.assign(all.begin(), all.end());
  const bool is_cut = shown.size() > kMostShown;
  if (is_cut) shown.resize(kMostShown);
  return fmt::format("there are {}{}", join(shown, ", "), is_cut ? " and others" : "");
}

}  // namespace

std::string environment_value(const Environment& environment, std::string_view name) {
  return environment(name).value_or(std::string{});
}

Setting find_setting(const Environment& environment, const Profile& profile, std::string_view variable,
                     std::string_view option) {
  if (std::string value = environment_value(environment, variable); !value.empty())
    return {.value = std::move(value), .origin = std::string(variable)};
  std::string value = profile.value(option);
  if (value.empty()) return {};
  return {.value = std::move(value), .origin = fmt::format("profile {}", profile.name)};
}

std::string Profile::value(std::string_view option) const {
  std::string found = config_value(credentials, option);
  return found.empty() ? config_value(config, option) : found;
}

Result<Profile> load_profile(const Flags& flags, const Environment& environment) {
  Profile profile;
  choose_name(flags, environment, profile);
  profile.config_path = path_of(environment, "AWS_CONFIG_FILE", "~/.aws/config");
  profile.credentials_path = path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
  const Result<ConfigFile> config = read_config_file(profile.config_path);
  if (!config) return fail(config.error());
  const Result<ConfigFile> credentials = read_config_file(profile.credentials_path);
  if (!credentials) return fail(credentials.error());

  const ConfigSection* configured = find_config_section(*config, "profile", profile.name);
  const ConfigSection* credentialed = find_config_section(*credentials, profile.name);
  if (configured == nullptr && credentialed == nullptr && !profile.name_source.empty()) {
    return fail(FailureCode::not_found,
                fmt::format("profile '{}' (from {}) is neither in {} nor in {}", profile.name,
                            profile.name_source, profile.config_path, profile.credentials_path),
                near_names(profile.name, *config, *credentials));
  }
  if (configured != nullptr) profile.config = *configured;
  if (credentialed != nullptr) profile.credentials = *credentialed;
  const std::string session = profile.value("sso_session");
  if (const ConfigSection* section = find_config_section(*config, "sso-session", session))
    profile.sso_session = *section;
  const std::string services = profile.value("services");
  if (services.empty()) return profile;
  const ConfigSection* section = find_config_section(*config, "services", services);
  if (section == nullptr) {
    return fail(FailureCode::not_found, fmt::format("profile '{}' names [services {}], which is not in {}",
                                                    profile.name, services, profile.config_path));
  }
  profile.services = *section;
  return profile;
}

}  // namespace ferry::aws

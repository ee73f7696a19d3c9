// The text of ~/.aws/config and ~/.aws/credentials as sections of options, read as botocore reads it
// (Python's RawConfigParser in strict mode). Pure; bounded by the text. Thread-safe.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::aws {

// It may be a key: its memory is wiped.
using ConfigText = std::basic_string<char, std::char_traits<char>, WipingAllocator<char>>;
// Option names are in lower case. A value that continues on indented lines keeps its line breaks.
using ConfigSection = std::map<std::string, ConfigText, std::less<>>;
// By title, in the file's order; each title once.
using ConfigFile = std::vector<std::pair<std::string, ConfigSection>>;

// Failures (usage) name the line: no section yet, neither section nor option, a section or option twice, an
// indented line below an option without a value that is no option itself.
Result<ConfigFile> parse_config_file(std::string_view text);

// The section [TITLE], null where there is none.
const ConfigSection* find_config_section(const ConfigFile& file, std::string_view title);
// The section [KIND NAME], null where there is none. NAME may be quoted; of several the last one counts. The
// profile default may stand without its kind.
const ConfigSection* find_config_section(const ConfigFile& file, std::string_view kind,
                                         std::string_view name);

// NAME of a title that is KIND NAME.
std::optional<std::string> name_in_title(std::string_view title, std::string_view kind);

// The option's value, empty where it is absent.
std::string config_value(const ConfigSection& section, std::string_view option);

// What an option with indented lines below it holds: "s3 =\n  max_queue_size = 10".
ConfigSection nested_options(std::string_view value);

}  // namespace ferry::aws

#include "aws/config_file.hpp"

#include "base/text.hpp"
#include "wire/command_line.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

// Its options stand for every section that lacks them.
constexpr std::string_view kDefaultsSection = "DEFAULT";

tl::unexpected<Failure> refuse(std::size_t line_number, std::string_view why) {
  return fail(FailureCode::usage, fmt::format("line {}: {}", line_number, why));
}

// Line by line, as RawConfigParser sees them.
class Reader {
 public:
  Result<> add_line(std::string_view line) {
    ++line_number_;
    const std::string_view content = trim(line);
    if (content.starts_with('#') || content.starts_with(';')) return {};
    if (content.empty()) {
      if (value_ != nullptr) *value_ += '\n';
      return {};
    }
    const std::size_t indent = line.find_first_not_of(kBlanks);
    if (value_ != nullptr && indent > option_indent_) {
      // Below an option without a value of its own they are options, too.
      const bool is_nested = value_->empty() || value_->starts_with('\n');
      if (is_nested && content.find('=') == std::string_view::npos)
        return refuse(line_number_, "expected name = value below an option without a value");
      *value_ += '\n';
      *value_ += content;
      return {};
    }
    option_indent_ = indent;
    const std::size_t bracket = content.rfind(']');
    if (content.starts_with('[') && bracket != std::string_view::npos && bracket > 1) {
      return open_section(content.substr(1, bracket - 1));
    }
    return add_option(content);
  }

  ConfigFile finish() && {
    ConfigSection inherited;
    std::erase_if(file_, [&](auto& titled) {
      if (titled.first != kDefaultsSection) return false;
      inherited = std::move(titled.second);
      return true;
    });
    for (auto& [title, section] : file_) {
      section.insert(inherited.begin(), inherited.end());
      for (auto& [option, value] : section) value.erase(value.find_last_not_of(" \t\r\n") + 1);
    }
    return std::move(file_);
  }

 private:
  Result<> open_section(std::string_view name) {
    if (!titles_.emplace(name).second)
      return refuse(line_number_, fmt::format("section [{}] is there twice", name));
    section_ = &file_.emplace_back(name, ConfigSection()).second;
    value_ = nullptr;
    return {};
  }

  // Lines may hold secrets: a refusal quotes no more than the option's name.
  Result<> add_option(std::string_view content) {
    if (section_ == nullptr) return refuse(line_number_, "expected a [section] before this line");
    const std::size_t delimiter = content.find_first_of("=:");
    const std::string name = to_lower(trim(content.substr(0, delimiter)));
    if (delimiter == std::string_view::npos || name.empty()) {
      return refuse(line_number_, "expected [section] or name = value");
    }
    const auto [position, added] = section_->try_emplace(name, trim(content.substr(delimiter + 1)));
    if (!added) return refuse(line_number_, fmt::format("option {} is there twice in its section", name));
    value_ = &position->second;
    return {};
  }

  ConfigFile file_;
  std::set<std::string, std::less<>> titles_;
  ConfigSection* section_ = nullptr;  // the last one of the file
  ConfigText* value_ = nullptr;       // of the option that indented lines continue
  std::size_t option_indent_ = 0;
  std::size_t line_number_ = 0;
};

}  // namespace

Result<ConfigFile> parse_config_file(std::string_view text) {
  Reader reader;
  for (const std::string_view line : split(text, '\n')) {
    const Result<> added = reader.add_line(line);
    if (!added) return fail(added.error());
  }
  return std::move(reader).finish();
}

const ConfigSection* find_config_section(const ConfigFile& file, std::string_view title) {
  const auto found = std::ranges::find(file, title, &ConfigFile::value_type::first);
  return found == file.end() ? nullptr : &found->second;
}

const ConfigSection* find_config_section(const ConfigFile& file, std::string_view kind,
                                         std::string_view name) {
  const ConfigSection* found = nullptr;
  const bool is_default_profile = kind == "profile" && name == "default";
  for (const auto& [title, section] : file) {
    if (name_in_title(title, kind) == name || (is_default_profile && title == name)) found = &section;
  }
  return found;
}

std::optional<std::string> name_in_title(std::string_view title, std::string_view kind) {
  if (!title.starts_with(kind)) return std::nullopt;
  Result<std::vector<std::string>> words = wire::split_command_line(title, wire::Dialect::python);
  if (!words || words->size() != 2) return std::nullopt;
  return std::move(words->back());
}

std::string config_value(const ConfigSection& section, std::string_view option) {
  const auto found = section.find(option);
  return found == section.end() ? std::string{} : std::string(found->second);
}

ConfigSection nested_options(std::string_view value) {
  ConfigSection nested;
  for (const std::string_view line : split(value, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    nested.insert_or_assign(std::string(trim(line.substr(0, equals))),
                            ConfigText(trim(line.substr(equals + 1))));
  }
  return nested;
}

}  // namespace ferry::aws

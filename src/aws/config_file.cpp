#include "aws/config_file.hpp"

#include "base/text.hpp"

#include <cstddef>
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
    const auto defaults = file_.find(kDefaultsSection);
    const ConfigSection inherited = defaults == file_.end() ? ConfigSection{} : std::move(defaults->second);
    file_.erase(std::string(kDefaultsSection));
    for (auto& [name, section] : file_) {
      section.insert(inherited.begin(), inherited.end());
      for (auto& [option, value] : section) value.erase(value.find_last_not_of(" \t\r\n") + 1);
    }
    return std::move(file_);
  }

 private:
  Result<> open_section(std::string_view name) {
    const auto [position, added] = file_.try_emplace(std::string(name));
    if (!added) return refuse(line_number_, fmt::format("section [{}] is there twice", name));
    section_ = &position->second;
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
  ConfigSection* section_ = nullptr;
  ConfigText* value_ = nullptr;  // of the option that indented lines continue
  std::size_t option_indent_ = 0;
  std::size_t line_number_ = 0;
};

std::string_view without_quotes(std::string_view name) {
  const bool is_quoted =
      name.size() >= 2 && name.front() == name.back() && (name.front() == '"' || name.front() == '\'');
  return is_quoted ? name.substr(1, name.size() - 2) : name;
}

}  // namespace

Result<ConfigFile> parse_config_file(std::string_view text) {
  Reader reader;
  for (const std::string_view line : split(text, '\n')) {
    const Result<> added = reader.add_line(line);
    if (!added) return fail(added.error());
  }
  return std::move(reader).finish();
}

const ConfigSection* find_config_section(const ConfigFile& file, std::string_view kind,
                                         std::string_view name) {
  for (const auto& [title, section] : file) {
    const std::string_view text = title;
    if (!text.starts_with(kind)) continue;
    const std::string_view rest = text.substr(kind.size());
    if (rest.find_first_of(" \t") != 0) continue;
    if (without_quotes(trim(rest)) == name) return &section;
  }
  return nullptr;
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

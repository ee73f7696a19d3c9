#include "cli/doctor_output.hpp"

#include "base/printable.hpp"
#include "base/text.hpp"
#include "feature/doctor/diagnose.hpp"

#include <algorithm>
#include <string_view>

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ferry::cli {
namespace {

namespace json = boost::json;
using feature::Finding;
using feature::Verdict;

struct Words {
  std::string_view text, name, colour;
};

Words words_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return {.text = "ok", .name = "ok", .colour = "\x1b[32m"};
    case Verdict::advice:
      return {.text = "advice", .name = "advice", .colour = "\x1b[36m"};
    case Verdict::wrong:
      return {.text = "wrong", .name = "wrong", .colour = "\x1b[31m"};
    case Verdict::cannot_tell:
      break;
  }
  return {.text = "cannot tell", .name = "cannot_tell", .colour = "\x1b[33m"};
}

std::string line_of(Verdict verdict, std::string_view check, std::string_view text, bool has_colour) {
  const Words words = words_of(verdict);
  return fmt::format("{}{:<11}{}  {:<13} {}\n", has_colour ? words.colour : "", words.text,
                     has_colour ? "\x1b[0m" : "", check, printable(text));
}

std::string with_reason(const Finding& finding) {
  return finding.why.empty() ? finding.what : fmt::format("{}: {}", finding.what, finding.why);
}

// All that cannot be told for the reason of `first`; nothing where an earlier finding has said it.
std::string unknown_line(const std::vector<Finding>& findings, const Finding& first, bool has_colour) {
  std::vector<std::string> checks, whats;
  for (const Finding& finding : findings) {
    if (finding.verdict != Verdict::cannot_tell || finding.why != first.why) continue;
    if (checks.empty() && &finding != &first) return {};
    if (std::ranges::find(checks, finding.check) == checks.end()) checks.push_back(finding.check);
    whats.push_back(finding.what);
  }
  const std::string check = checks.size() == 1 ? first.check : "several";
  return line_of(Verdict::cannot_tell, check, fmt::format("{}: {}", fmt::join(whats, "; "), first.why),
                 has_colour);
}

std::string indented(std::string_view title, std::string_view lines) {
  if (lines.empty()) return {};
  std::string text = fmt::format("  {}:\n", title);
  for (const std::string_view line : split(lines, '\n')) text += fmt::format("    {}\n", printable(line));
  return text;
}

}  // namespace

std::string doctor_text(const std::vector<Finding>& findings, bool has_colour) {
  std::string text;
  for (const Finding& finding : findings) {
    text += finding.verdict == Verdict::cannot_tell
                ? unknown_line(findings, finding, has_colour)
                : line_of(finding.verdict, finding.check, with_reason(finding), has_colour);
  }
  for (const Finding& finding : findings) {
    if (finding.verdict != Verdict::wrong) continue;
    if (finding.fixes.commands.empty() && finding.fixes.terraform.empty()) continue;
    text += fmt::format("\nTo put right {}: {}\n", finding.check, printable(finding.what));
    text += indented("Commands", finding.fixes.commands);
    text += indented("Terraform", finding.fixes.terraform);
  }
  return text;
}

json::object doctor_json(const std::string& target, const std::vector<Finding>& findings) {
  json::array list;
  for (const Finding& finding : findings) {
    json::object one;
    one["check"] = finding.check;
    one["verdict"] = words_of(finding.verdict).name;
    one["what"] = shortened(finding.what);
    one["why"] = shortened(finding.why);
    one["fixes"] = nullptr;
    if (finding.verdict == Verdict::wrong) {
      json::object fixes;
      fixes["commands"] = finding.fixes.commands;
      fixes["terraform"] = finding.fixes.terraform;
      one["fixes"] = std::move(fixes);
    }
    list.emplace_back(std::move(one));
  }
  json::object report;
  report["target"] = target;
  report["findings"] = std::move(list);
  const Finding* first = feature::first_wrong(findings);
  report["first_wrong"] = nullptr;
  if (first != nullptr) report["first_wrong"] = first->check;
  return report;
}

}  // namespace ferry::cli

#include "feature/run/unanswered_start.hpp"

#include "wire/command_line.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ferry::feature {
namespace {

std::string finding_line(const UnansweredStart& start) {
  const std::string_view cluster = std::string_view(start.cluster).substr(start.cluster.rfind('/') + 1);
  std::string line = "ferry ps";
  if (!cluster.empty()) line += " " + wire::quote_word(cluster);
  if (!start.started_by.empty()) line += " --started-by " + wire::quote_word(start.started_by);
  if (!start.connection_flags.empty()) line += " " + start.connection_flags;
  return line;
}

}  // namespace

std::string may_have_started(const UnansweredStart& start) {
  const bool is_one = start.client_tokens.size() <= 1;
  std::string text = is_one ? "a task may have started" : "tasks may have started";
  std::string marks;
  if (!start.started_by.empty()) marks += fmt::format("startedBy '{}'", start.started_by);
  if (!start.client_tokens.empty()) {
    marks += fmt::format("{}client token{} {}", marks.empty() ? "" : ", ", is_one ? "" : "s",
                         fmt::join(start.client_tokens, " "));
  }
  if (!marks.empty()) text += fmt::format(" ({})", marks);
  return fmt::format("{}; `{}` lists {}, with the line that stops {}", text, finding_line(start),
                     is_one ? "it" : "them", is_one ? "it" : "each");
}

RunReport unanswered_report(std::string why, const UnansweredStart& start) {
  RunReport report;
  report.result.mode = Mode::run;
  report.result.cluster = start.cluster.substr(start.cluster.rfind('/') + 1);
  report.result.outcome = Outcome::unknown;
  report.result.explanation = fmt::format("{}: {}", why, may_have_started(start));
  return report;
}

}  // namespace ferry::feature

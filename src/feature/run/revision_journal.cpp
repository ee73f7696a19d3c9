#include "feature/run/revision_journal.hpp"

#include "aws/answer_reader.hpp"
#include "base/text.hpp"
#include "sys/random.hpp"

#include <filesystem>
#include <string_view>
#include <system_error>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

// One JSON object a line: the intent first, then what became of it. A line without its end was being written
// when the process ended, and says nothing.
constexpr std::int64_t kVersion = 1;
constexpr std::string_view kSuffix = ".journal";

std::string line_of(const json::object& object) {
  return json::serialize(object) + '\n';
}

WallTime wall_time(std::int64_t milliseconds_since_1970) {
  return WallTime(milliseconds(milliseconds_since_1970));
}

json::object to_json(const RevisionIntent& intent) {
  return {{"version", kVersion},
          {"endpoint", intent.endpoint},
          {"region", intent.region},
          {"account", intent.account},
          {"family", intent.family},
          {"mark", intent.mark},
          {"intended_at_ms", intent.intended_at.time_since_epoch().count()}};
}

std::optional<RevisionIntent> intent_from(const json::object& line) {
  const std::optional<std::int64_t> at = aws::integer_in(line, "intended_at_ms");
  RevisionIntent intent{.endpoint = aws::text_in(line, "endpoint"),
                        .region = aws::text_in(line, "region"),
                        .account = aws::text_in(line, "account"),
                        .family = aws::text_in(line, "family"),
                        .mark = aws::text_in(line, "mark"),
                        .intended_at = wall_time(at.value_or(0))};
  if (aws::integer_in(line, "version") != kVersion || !at || intent.mark.empty()) return std::nullopt;
  return intent;
}

std::vector<json::object> lines_in(const std::string& content) {
  std::vector<json::object> lines;
  std::vector<std::string_view> texts = split(content, '\n');
  texts.pop_back();  // what follows the last line's end
  for (const std::string_view text : texts) {
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    if (!error && value.is_object()) lines.push_back(std::move(value.get_object()));
  }
  return lines;
}

}  // namespace

Result<std::string> revision_journal_folder(const aws::Environment& environment) {
  const std::string state = environment("XDG_STATE_HOME").value_or("");
  if (!state.empty()) return state + "/ferry/revisions";
  const std::string home = environment("HOME").value_or("");
  if (!home.empty()) return home + "/.local/state/ferry/revisions";
  return fail(FailureCode::usage,
              "neither HOME nor XDG_STATE_HOME is set, so there is no place for the journal of revisions",
              "set XDG_STATE_HOME");
}

Result<JournalEntry> JournalEntry::write(const std::string& folder, RevisionIntent intent) {
  const std::string name = fmt::format("{}{}", sys::random_uuid(), kSuffix);
  Result<sys::LockedFile> file = sys::LockedFile::create(folder, name, line_of(to_json(intent)));
  if (!file) {
    Failure failure = file.error().in("the journal of revisions");
    failure.hint = "set XDG_STATE_HOME to a folder that can be written";
    return fail(std::move(failure));
  }
  return JournalEntry(std::move(*file), std::move(intent));
}

std::optional<JournalEntry> JournalEntry::read(sys::LockedFile file) {
  const Result<std::string> content = file.read();
  if (!content) return std::nullopt;
  const std::vector<json::object> lines = lines_in(*content);
  if (lines.empty()) return std::nullopt;
  std::optional<RevisionIntent> intent = intent_from(lines.front());
  if (!intent) return std::nullopt;
  JournalEntry entry(std::move(file), std::move(*intent));
  for (const json::object& line : lines) {
    if (const std::string arn = aws::text_in(line, "registered"); !arn.empty()) entry.arn_ = arn;
    if (const auto at = aws::integer_in(line, "tried_at_ms")) entry.tried_at_ = wall_time(*at);
  }
  return entry;
}

std::vector<JournalEntry> JournalEntry::abandoned(const std::string& folder, std::size_t most,
                                                  const std::function<bool(const JournalEntry&)>& is_wanted) {
  std::vector<JournalEntry> entries;
  std::error_code error;
  std::filesystem::directory_iterator file(folder, error);  // no folder: nothing was ever written
  for (; !error && file != std::filesystem::directory_iterator() && entries.size() < most;
       file.increment(error)) {
    const std::filesystem::path& path = file->path();
    if (path.extension() != kSuffix) continue;
    Result<std::optional<sys::LockedFile>> taken = sys::LockedFile::take(path.string());
    if (!taken || !*taken) continue;
    std::optional<JournalEntry> entry = read(std::move(**taken));
    if (entry && is_wanted(*entry)) entries.push_back(std::move(*entry));
  }
  return entries;
}

Result<> JournalEntry::registered(std::string arn) {
  arn_ = std::move(arn);
  return file_.append(line_of({{"registered", arn_}}));
}

Result<> JournalEntry::tried(WallTime at) {
  tried_at_ = at;
  return file_.append(line_of({{"tried_at_ms", at.time_since_epoch().count()}}));
}

Result<> JournalEntry::forget() {
  return file_.remove();
}

}  // namespace ferry::feature

#include "feature/run/revision_sweep.hpp"

#include "aws/answer_reader.hpp"
#include "aws/task_definitions.hpp"
#include "feature/run/ephemeral_revision.hpp"
#include "feature/run/revision_journal.hpp"
#include "feature/run/revision_registration.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr std::size_t kMostRevisions = 20;
constexpr milliseconds kLongestSweep = seconds(3);
// So that what cannot be deregistered does not hold up every command.
constexpr auto kPauseAfterFailure = std::chrono::minutes(5);
// After which a call that was on its way when ferry died has had its effect, if any.
constexpr auto kLongestFlight = std::chrono::minutes(2);

using Notice = std::function<void(std::string_view)>;

// What became of one entry in this sweep.
enum class Swept { deregistered, nothing_there, too_early, failed };

net::Task<Result<std::string>> own_account(aws::Client& client) {
  const Result<boost::json::object> identity =
      co_await client.call(aws::Service::sts, "GetCallerIdentity", boost::json::object());
  if (!identity) co_return fail(identity.error());
  co_return aws::text_in(*identity, "Account");
}

// The revision that has the intent's mark; empty where there is none (yet).
net::Task<Result<std::string>> find_marked(aws::Client& client, const RevisionIntent& intent) {
  const Result<std::vector<std::string>> arns =
      co_await aws::ecs::list_newest_revisions(client, intent.family);
  if (!arns) co_return fail(arns.error());
  for (const std::string& arn : *arns) {
    const Result<boost::json::object> definition =
        co_await aws::ecs::describe_whole_task_definition(client, arn);
    if (!definition) co_return fail(definition.error());
    if (mark_of(*definition) == intent.mark) co_return arn;
  }
  co_return std::string();
}

net::Task<Swept> sweep_one(aws::Client& client, const JournalEntry& entry, const Notice& notice) {
  std::string arn = entry.arn();
  std::string name = arn.empty() ? entry.intent().family : revision_name(arn);
  if (arn.empty()) {
    Result<std::string> found = co_await find_marked(client, entry.intent());
    if (!found) {
      notice(
          fmt::format("cannot look for the revision of {} that an earlier ferry may have left registered: {}",
                      name, found.error().what));
      co_return Swept::failed;
    }
    const bool too_early = net::wall_now() - entry.intent().intended_at < kLongestFlight;
    if (found->empty()) co_return too_early ? Swept::too_early : Swept::nothing_there;
    arn = std::move(*found);
    name = revision_name(arn);
  }
  const Result<> done = co_await deregister_revision(client, arn);
  if (!done) {
    notice(fmt::format("cannot deregister {}, which an earlier ferry left registered: {}", name,
                       done.error().line()));
    co_return Swept::failed;
  }
  notice(fmt::format("deregistered {}, which an earlier ferry left registered", name));
  co_return Swept::deregistered;
}

// One slot an entry; what was finished is emptied.
using Entries = std::vector<std::optional<JournalEntry>>;

net::Task<bool> sweep_all(aws::Client& client, Entries& entries, const Notice& notice) {
  const Result<std::string> account = co_await own_account(client);
  if (!account) co_return false;  // the command that follows will say what is wrong
  for (std::optional<JournalEntry>& entry : entries) {
    // Without an account it is from a service that has none.
    if (!entry->intent().account.empty() && entry->intent().account != *account) continue;
    const Swept swept = co_await sweep_one(client, *entry, notice);
    if (swept == Swept::failed) static_cast<void>(entry->tried(net::wall_now()));
    if (swept == Swept::deregistered || swept == Swept::nothing_there)
      static_cast<void>(entry->forget());  // or it is found gone again, next time
    entry.reset();
  }
  co_return true;
}

}  // namespace

net::Task<> sweep_revisions(aws::Client& client, std::string journal_folder, Notice notice) {
  const WallTime now = net::wall_now();
  const auto is_wanted = [&client, now](const JournalEntry& entry) {
    const aws::Settings& settings = client.settings();
    const bool is_here = entry.intent().endpoint == settings.endpoint(aws::Service::ecs) &&
                         entry.intent().region == settings.region;
    const bool rests =
        entry.tried_at() && now >= *entry.tried_at() && now - *entry.tried_at() < kPauseAfterFailure;
    return is_here && !rests;
  };
  Entries entries;
  for (JournalEntry& entry : JournalEntry::abandoned(journal_folder, kMostRevisions, is_wanted))
    entries.emplace_back(std::move(entry));
  if (entries.empty()) co_return;
  const std::optional<bool> swept =
      co_await within(client.loop(), kLongestSweep, sweep_all(client, entries, notice));
  if (swept) co_return;
  for (std::optional<JournalEntry>& entry : entries) {
    if (entry) static_cast<void>(entry->tried(now));
  }
}

net::Task<> sweep_revisions(aws::Client& client, aws::Environment environment,
                            std::function<void(std::string_view)> notice) {
  Result<std::string> folder = revision_journal_folder(environment);
  if (!folder) co_return;  // no place, so nothing was ever written there
  co_await sweep_revisions(client, std::move(*folder), std::move(notice));
}

}  // namespace ferry::feature

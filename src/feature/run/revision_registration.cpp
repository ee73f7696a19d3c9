#include "feature/run/revision_registration.hpp"

#include "aws/answer_reader.hpp"
#include "aws/ecs.hpp"
#include "aws/task_definitions.hpp"
#include "base/text.hpp"
#include "feature/run/ephemeral_revision.hpp"
#include "feature/unless.hpp"
#include "net/clock.hpp"
#include "sys/random.hpp"

#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr milliseconds kLongestDeregistration = seconds(5);

// arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION
std::string account_in(std::string_view arn) {
  constexpr std::size_t kAccount = 4;
  const std::vector<std::string_view> parts = split(arn, ':');
  return parts.size() > kAccount ? std::string(parts[kAccount]) : std::string();
}

// Whether nothing can have been registered.
bool is_certain(const Failure& failure) {
  switch (failure.code) {
    case FailureCode::usage:
    case FailureCode::denied:
    case FailureCode::throttled:
    case FailureCode::unreachable:
      return true;
    default:
      break;
  }
  const aws::ecs::Error error = aws::ecs::error_of(failure);
  return error == aws::ecs::Error::client || error == aws::ecs::Error::invalid_parameter;
}

// The service refused to deregister it: because it was no longer there to deregister?
net::Task<bool> is_gone(aws::Client& client, std::string arn) {
  const Result<boost::json::object> definition =
      co_await aws::ecs::describe_whole_task_definition(client, std::move(arn));
  if (definition) co_return aws::text_in(*definition, "status") != "ACTIVE";
  co_return aws::ecs::error_of(definition.error()) == aws::ecs::Error::client;
}

}  // namespace

std::string revision_name(std::string_view arn) {
  return std::string(arn.substr(arn.rfind('/') + 1));
}

net::Task<Result<>> deregister_revision(aws::Client& client, std::string arn) {
  if (!revision_name(arn).starts_with(kRevisionFamilyPrefix))
    co_return fail(FailureCode::usage, fmt::format("{} is none of ferry's own revisions", arn));
  const Result<> done = co_await aws::ecs::deregister_task_definition(client, arn);
  if (done || done.error().code != FailureCode::refused) co_return done;
  const bool gone = co_await is_gone(client, arn);
  if (gone) co_return Result<>();
  co_return done;
}

net::Task<Result<EphemeralRevision>> register_revision(aws::Client& client, std::string journal_folder,
                                                       boost::json::object definition,
                                                       std::string source_arn) {
  RevisionIntent intent{.endpoint = client.settings().endpoint(aws::Service::ecs),
                        .region = client.settings().region,
                        .account = account_in(source_arn),
                        .family = aws::text_in(definition, "family"),
                        .mark = sys::random_uuid(),
                        .intended_at = net::wall_now()};
  definition = marked(std::move(definition), intent.mark);
  Result<JournalEntry> entry = JournalEntry::write(journal_folder, std::move(intent));
  if (!entry) co_return fail(entry.error());
  Result<std::string> arn = co_await aws::ecs::register_task_definition(client, std::move(definition));
  if (!arn) {
    // Otherwise the next command looks whether there is one that has the mark.
    if (is_certain(arn.error())) static_cast<void>(entry->forget());
    co_return fail(arn.error());
  }
  // A journal that does not take the ARN still has the mark.
  static_cast<void>(entry->registered(std::move(*arn)));
  co_return EphemeralRevision(std::move(*entry));
}

net::Task<Result<>> deregister(aws::Client& client, EphemeralRevision revision) {
  const std::string name = revision_name(revision.arn());
  const std::optional<Result<>> done =
      co_await within(client.loop(), kLongestDeregistration, deregister_revision(client, revision.arn()));
  if (done && *done) co_return revision.entry_.forget();
  Failure failure =
      done ? done->error()
           : Failure{.code = FailureCode::timed_out,
                     .what = fmt::format("no answer within {} ms", kLongestDeregistration.count()),
                     .hint = {},
                     .service_code = {}};
  failure = failure.in(fmt::format("cannot deregister {}", name));
  failure.hint = "the next ferry command tries again";
  co_return fail(std::move(failure));
}

}  // namespace ferry::feature

#include "feature/run/revision_registration.hpp"

#include "aws/answer_reader.hpp"
#include "aws/ecs.hpp"
#include "aws/task_definitions.hpp"
#include "base/text.hpp"
#include "feature/patience.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"
#include "sys/random.hpp"

#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr milliseconds kLongestDeregistration = seconds(5);
// A region takes about one RegisterTaskDefinition a second in the long run ("task definition resource modify
// actions" in the ECS service quotas): many runs that begin together get theirs one after the other.
constexpr milliseconds kRegistrationPatience = seconds(40);

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
    case FailureCode::cancelled:  // called off before it was sent
      return true;
    default:
      break;
  }
  const aws::ecs::Error error = aws::ecs::error_of(failure);
  return error == aws::ecs::Error::client || error == aws::ecs::Error::invalid_parameter;
}

// A registration that is cancelled between two attempts was refused each time: there is nothing to look for.
// One that is cancelled while it is sent ends with a failure instead (aws::starts_something()).
struct ForgottenUnlessSent {
  explicit ForgottenUnlessSent(JournalEntry& its_entry) : entry(its_entry) {}
  ~ForgottenUnlessSent() {
    if (is_armed) static_cast<void>(entry.forget());
  }
  ForgottenUnlessSent(const ForgottenUnlessSent&) = delete;
  ForgottenUnlessSent& operator=(const ForgottenUnlessSent&) = delete;

  JournalEntry& entry;
  bool is_armed = true;
};

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
                                                       boost::json::object definition, std::string source_arn,
                                                       net::Event& called_off) {
  RevisionIntent intent{.endpoint = client.settings().endpoint(aws::Service::ecs),
                        .region = client.settings().region,
                        .account = account_in(source_arn),
                        .family = aws::text_in(definition, "family"),
                        .mark = sys::random_uuid(),
                        .intended_at = net::wall_now()};
  definition = marked(std::move(definition), intent.mark);
  Result<JournalEntry> entry = JournalEntry::write(journal_folder, std::move(intent));
  if (!entry) co_return fail(entry.error());
  ForgottenUnlessSent forgotten(*entry);
  const Patience patience{.limit = kRegistrationPatience, .given_up = called_off, .may_pass = was_throttled};
  Result<std::string> arn = co_await patiently<std::string>(patience, [&client, definition, &called_off] {
    return aws::ecs::register_task_definition(client, definition, &called_off);
  });
  forgotten.is_armed = false;
  if (!arn) {
    // Otherwise the next command looks whether there is one that has the mark.
    if (is_certain(arn.error())) static_cast<void>(entry->forget());
    co_return fail(arn.error());
  }
  // A journal that does not take the ARN still has the mark.
  static_cast<void>(entry->registered(std::move(*arn)));
  co_return EphemeralRevision(std::move(*entry));
}

net::Task<Result<std::optional<EphemeralRevision>>> revise(aws::Client& client, std::string journal_folder,
                                                           RevisionChange change, std::string container,
                                                           boost::json::object& definition,
                                                           boost::json::object& input,
                                                           net::Event& called_off) {
  const boost::json::object* given = aws::object_in(input, "overrides");
  boost::json::object overrides = given == nullptr ? boost::json::object() : *given;
  if (!needs_revision(change, overrides)) co_return std::nullopt;
  Result<RevisedRun> revised =
      revision_from(definition, container, change, std::move(overrides), client.settings().region);
  if (!revised) co_return fail(revised.error());
  if (journal_folder.empty())
    co_return fail(FailureCode::usage, "there is no place for the journal of ephemeral revisions",
                   "set XDG_STATE_HOME or HOME");
  Result<EphemeralRevision> revision =
      co_await register_revision(client, std::move(journal_folder), revised->definition,
                                 aws::text_in(definition, "taskDefinitionArn"), called_off);
  if (!revision) co_return fail(revision.error().in("cannot register an ephemeral revision"));
  definition = std::move(revised->definition);
  definition["taskDefinitionArn"] = revision->arn();
  input["taskDefinition"] = revision->arn();
  input.erase("overrides");
  if (!revised->overrides.empty()) input["overrides"] = std::move(revised->overrides);
  co_return std::move(*revision);
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

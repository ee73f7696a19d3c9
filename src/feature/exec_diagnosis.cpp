#include "feature/exec_diagnosis.hpp"

#include "feature/doctor/diagnose.hpp"
#include "feature/doctor/gather.hpp"
#include "feature/exec_target.hpp"

#include <utility>

#include <fmt/format.h>

namespace ferry::feature {

net::Task<Failure> diagnose_refusal(aws::Client& client, Target target, std::string container,
                                    Failure refusal) {
  DoctorRequest request{
      .target = target, .task_definition = {}, .container = std::move(container), .profile = {}};
  const Result<Facts> facts = co_await gather(client, std::move(request));
  if (!facts) co_return refusal;
  const std::vector<Finding> findings = diagnose(*facts);
  const Finding* cause = first_wrong(findings);
  if (cause != nullptr && cause->check != kChannelCheck)
    refusal.hint = fmt::format("{}; `{}` prints the fix", cause->what, doctor_line(target));
  co_return refusal;
}

}  // namespace ferry::feature

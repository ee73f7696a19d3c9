// ferry doctor: what stands in the way of exec, and how it is put right.
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/doctor_output.hpp"
#include "cli/result_output.hpp"
#include "feature/doctor/diagnose.hpp"
#include "feature/doctor/gather.hpp"
#include "sys/tty.hpp"

#include <unistd.h>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::cli {
namespace {

struct DoctorOptions {
  std::string target, cluster, container, output = "text";
  aws::Flags connection;
};

Arguments describe(DoctorOptions& options) {
  Arguments arguments("doctor", "say what stands in the way of exec, and how to put it right");
  arguments.word("TARGET", "as for exec, or a task definition: family:revision or its ARN", options.target);
  arguments.text("--container", "NAME",
                 "the task's container (default: FERRY_CONTAINER, else all but those of AWS)",
                 options.container);
  arguments.choice("-o,--output", {"text", "json"}, "a line for each check, or one JSON object",
                   options.output);
  arguments.text("--cluster", "CLUSTER", "where to look (default: FERRY_CLUSTER, else default)",
                 options.cluster);
  describe_connection_flags(arguments, options.connection);
  arguments.epilogue(
      "It only reads. What your credentials may not read is said (\"cannot tell\") and left out.\n"
      "Exit status: 0 nothing is wrong, 1 something is, 125 ferry could not ask.\n\n"
      "  ferry doctor prod/web\n"
      "  ferry doctor web:42 -o json\n");
  return arguments;
}

bool wants_colour() {
  const std::optional<std::string> refused = environment_variable("NO_COLOR");
  return sys::is_terminal(STDOUT_FILENO) && (!refused || refused->empty());
}

Result<feature::DoctorRequest> request_from(const DoctorOptions& options) {
  Result<feature::DoctorRequest> request =
      feature::parse_doctor_target(options.target, cluster_or_default(options.cluster));
  if (!request) return fail(request.error());
  if (!options.cluster.empty()) {
    const Result<> agreed = feature::expect_cluster(request->target, options.cluster);
    if (!agreed) return fail(agreed.error());
  }
  request->container = container_or_environment(options.container);
  request->profile = options.connection.profile;
  return request;
}

}  // namespace

Result<int> doctor_command(Words words) {
  DoctorOptions options;
  const Arguments arguments = describe(options);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  Result<feature::DoctorRequest> request = request_from(options);
  if (!request) return fail(request.error());

  net::Loop loop;
  Waiting waiting(loop);
  const Result<std::unique_ptr<aws::Client>> client = connect(waiting, options.connection);
  if (!client) return waiting.failed(client.error());
  const Result<feature::Facts> facts = waiting.get(feature::gather(**client, std::move(*request)));
  if (!facts) return waiting.failed(facts.error().in("doctor"));
  const std::vector<feature::Finding> findings = feature::diagnose(*facts);
  const Result<> printed =
      options.output == "json"
          ? print_json(boost::json::serialize(doctor_json(options.target, findings)) + "\n")
          : print_coloured(doctor_text(findings, wants_colour()));
  if (!printed) return fail(printed.error());
  return feature::first_wrong(findings) == nullptr ? 0 : 1;
}

}  // namespace ferry::cli

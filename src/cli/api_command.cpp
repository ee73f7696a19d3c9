// ferry api: one operation of a service, raw JSON in and out.
#include "aws/answer_reader.hpp"
#include "aws/reading.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/file_argument.hpp"
#include "cli/result_output.hpp"
#include "feature/ending.hpp"
#include "feature/run/unanswered_start.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::cli {
namespace {

namespace json = boost::json;

struct ApiOptions {
  std::string service;
  std::string operation;
  std::string input;
  aws::Flags connection;
};

Arguments describe(ApiOptions& options) {
  Arguments arguments("api", "call one operation: signed, raw JSON in and out");
  arguments.word("SERVICE", "ecs, logs, ssm, sts, kms, iam or ec2", options.service);
  arguments.word("OPERATION", "as the API reference spells it: RunTask", options.operation);
  arguments.optional_word("INPUT", "a JSON object, file://PATH, or - for stdin; nothing is {}",
                          options.input);
  describe_connection_flags(arguments, options.connection);
  arguments.epilogue(
      "examples:\n"
      "  ferry api sts GetCallerIdentity\n"
      "  ferry api ecs DescribeServices '{\"cluster\":\"prod\",\"services\":[\"web\"]}'\n"
      "  ferry api ecs RegisterTaskDefinition file://td.json\n"
      "  ferry api ec2 DescribeSubnets '{\"SubnetId\":[\"subnet-1\"]}'   (ec2: the names of its query API)");
  return arguments;
}

// A call that changes something and was not answered may have done so.
Failure with_doubt(Failure failure, const ApiOptions& options, const json::object& input) {
  const bool is_unanswered =
      failure.code == FailureCode::cancelled || feature::may_have_been_carried_out(failure);
  if (!is_unanswered || aws::is_reading(options.operation)) return failure;
  if (failure.code == FailureCode::cancelled)
    failure.what += fmt::format(" before {} {} answered", options.service, options.operation);
  if (options.service == "ecs" && options.operation == "RunTask") {
    feature::UnansweredStart start{.cluster = aws::text_in(input, "cluster"),
                                   .started_by = aws::text_in(input, "startedBy"),
                                   .client_tokens = {},
                                   .connection_flags = {}};
    if (input.contains("clientToken")) start.client_tokens.push_back(aws::text_in(input, "clientToken"));
    failure.what += ": " + feature::may_have_started(start);
  } else if (options.service == "ecs" && options.operation == "ExecuteCommand") {
    failure.what += fmt::format(": the command may have started; {}", feature::session_lines());
  } else {
    failure.what += ": it may have been carried out";
  }
  return failure;
}

Result<std::string> read_stdin() {
  constexpr std::size_t kMostBytes = 16U << 20U;
  std::string text;
  std::array<char, 65'536> block{};
  for (;;) {
    const std::size_t count = std::fread(block.data(), 1, block.size(), stdin);
    text.append(block.data(), count);
    if (text.size() > kMostBytes) return fail(FailureCode::usage, "the input on stdin is larger than 16 MiB");
    if (count < block.size()) break;
  }
  if (std::ferror(stdin) != 0) return fail(system_failure("cannot read stdin", errno));
  return text;
}

Result<json::object> read_input(const std::string& argument) {
  if (argument.empty()) return json::object{};
  const Result<std::string> text = argument == "-" ? read_stdin() : argument_or_file(argument);
  if (!text) return fail(text.error());
  constexpr std::string_view kHint = "write INPUT as a JSON object, file://PATH, or - for stdin";
  json::parser parser;
  boost::system::error_code error;
  const std::size_t consumed = parser.write(*text, error);
  if (error) {
    return fail(FailureCode::usage,
                fmt::format("the input is no JSON: {} near byte {}", error.message(), consumed),
                std::string(kHint));
  }
  json::value value = parser.release();
  json::object* object = value.if_object();
  if (object == nullptr) {
    return fail(FailureCode::usage, "the input is JSON, but no object", std::string(kHint));
  }
  return std::move(*object);
}

Result<> print_answer(const json::object& answer) {
  const Result<> printed = print_json(json::serialize(answer) + "\n");
  if (!printed) return fail(printed.error().in("the call succeeded, but its answer could not be written"));
  return {};
}

}  // namespace

Result<int> api_command(Words words) {
  ApiOptions options;
  const Arguments arguments = describe(options);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);

  const std::optional<aws::Service> service = aws::service_by_name(options.service);
  if (!service) {
    return fail(FailureCode::usage, fmt::format("api: ferry does not speak service '{}'", options.service),
                "it speaks ecs, logs, ssm, sts, kms, iam and ec2");
  }
  Result<json::object> input = read_input(options.input);
  if (!input) return fail(input.error().in("api"));

  net::Loop loop;
  Waiting waiting(loop);
  const Result<std::unique_ptr<aws::Client>> client = connect(waiting, options.connection);
  if (!client) return waiting.failed(client.error());
  const Result<json::object> answer =
      waiting.get((*client)->call_unchecked(*service, options.operation, *input));
  if (!answer) return waiting.failed(with_doubt(answer.error(), options, *input));
  const Result<> printed = print_answer(*answer);
  if (!printed) return fail(printed.error());
  return 0;
}

}  // namespace ferry::cli

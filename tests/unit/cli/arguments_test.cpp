#include "cli/arguments.hpp"

#include <gmock/gmock.h>

namespace ferry::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A command with one of each kind.
struct Options {
  bool detach = false, terminal = false;
  std::string region = "unset", output = "text", target, second;
  std::vector<std::string> environment, command;
  std::optional<std::int64_t> port;
  std::optional<milliseconds> timeout;
};

Arguments describe(Options& options, bool takes_command = true) {
  Arguments arguments("try", "one of each kind");
  arguments.toggle("-d,--detach", "go on at once", options.detach);
  arguments.toggle("-t,--tty", "a terminal", options.terminal);
  arguments.text("--region", "REGION", "where", options.region);
  arguments.choice("-o,--output", {"text", "json"}, "how", options.output);
  arguments.texts("-e,--environment", "K=V", "with", options.environment);
  arguments.integer("--port", "PORT", 0, 65'535, "which", options.port);
  arguments.duration("--timeout", "TIME", "how long", options.timeout);
  arguments.word("TARGET", "whom", options.target);
  arguments.optional_word("SECOND", "whom else", options.second);
  if (takes_command) arguments.command_after_dashes("what", options.command);
  return arguments;
}

Options parsed(const std::vector<std::string>& words, bool takes_command = true) {
  Options options;
  const Result<Parsed> result = describe(options, takes_command).parse(words);
  EXPECT_TRUE(result) << result.error().line();
  return options;
}

std::string refusal(const std::vector<std::string>& words, bool takes_command = true) {
  Options options;
  const Result<Parsed> result = describe(options, takes_command).parse(words);
  if (result) return "accepted";
  EXPECT_EQ(result.error().code, FailureCode::usage);
  return result.error().line();
}

TEST(Arguments, ReadsEachKind) {
  const Options options = parsed({"-dt", "web", "--region", "eu", "-e", "A=1", "--output=json", "-eB=2",
                                  "other", "--port", "8080", "--timeout", "1h30m", "--environment", ""});
  EXPECT_TRUE(options.detach && options.terminal);
  EXPECT_EQ(options.region, "eu");
  EXPECT_EQ(options.output, "json");
  EXPECT_THAT(options.environment, ElementsAre("A=1", "B=2", ""));
  EXPECT_EQ(options.port, 8080);
  EXPECT_EQ(options.timeout, std::chrono::minutes(90));
  EXPECT_EQ(options.target, "web");
  EXPECT_EQ(options.second, "other");
}

TEST(Arguments, WhatIsAbsentStaysAsItWas) {
  const Options options = parsed({"web"});
  EXPECT_FALSE(options.detach);
  EXPECT_EQ(options.region, "unset");
  EXPECT_FALSE(options.port);
  EXPECT_THAT(options.environment, IsEmpty());
  EXPECT_THAT(options.command, IsEmpty());
}

TEST(Arguments, TheLastOfSeveralCounts) {
  EXPECT_EQ(parsed({"--region", "a", "web", "--region=b"}).region, "b");
}

TEST(Arguments, WhatFollowsTheDashesIsTheCommandsOwn) {
  const Options options = parsed({"web", "--", "ls", "-d", "--region", "x", "--", "--help"});
  EXPECT_THAT(options.command, ElementsAre("ls", "-d", "--region", "x", "--", "--help"));
  EXPECT_FALSE(options.detach);
  EXPECT_EQ(options.region, "unset");
}

TEST(Arguments, WithoutACommandTheDashesOnlyEndTheFlags) {
  EXPECT_EQ(parsed({"--", "-d"}, false).target, "-d");
}

TEST(Arguments, ValuesAreTakenAsTheyAre) {
  EXPECT_EQ(parsed({"[a,b]"}).target, "[a,b]");
  EXPECT_EQ(parsed({"-"}).target, "-");
  EXPECT_EQ(parsed({R"({"a":"b c"})"}).target, R"({"a":"b c"})");
  EXPECT_EQ(parsed({R"("quoted")"}).target, R"("quoted")");
  EXPECT_EQ(parsed({"web", "--region", "-1"}).region, "-1");
  EXPECT_EQ(parsed({"web", "--region==x"}).region, "=x");
  EXPECT_THAT(parsed({"web", "-e", "[1,2]", "-e", "a,b"}).environment, ElementsAre("[1,2]", "a,b"));
}

TEST(Arguments, RefusalsSayWhatIsWrongAndWhereHelpIs) {
  EXPECT_EQ(refusal({}), "try: TARGET is missing; see `ferry try --help`");
  EXPECT_EQ(refusal({""}), "try: TARGET is empty; see `ferry try --help`");
  EXPECT_EQ(refusal({"a", "--nope=1"}), "try: there is no flag '--nope'; see `ferry try --help`");
  EXPECT_EQ(refusal({"a", "-dq"}), "try: there is no flag '-q'; see `ferry try --help`");
  EXPECT_EQ(refusal({"a", "--region"}), "try: --region needs a value; see `ferry try --help`");
  EXPECT_EQ(refusal({"a", "--detach=no"}), "try: --detach takes no value; see `ferry try --help`");
  EXPECT_EQ(refusal({"a", "-o", "xml"}),
            "try: --output: 'xml' is not one of text, json; see `ferry try --help`");
  EXPECT_EQ(refusal({"a", "--port", "65536"}),
            "try: --port: '65536' is not a whole number from 0 to 65535; see `ferry try --help`");
  EXPECT_THAT(refusal({"a", "--timeout", "soon"}), AllOf(HasSubstr("--timeout: 'soon'"), HasSubstr("30m")));
  EXPECT_THAT(refusal({"a", "b", "c"}), AllOf(HasSubstr("'c' is one word too many"), HasSubstr("--")));
  EXPECT_THAT(refusal({"a", "b", "c"}, false), Not(HasSubstr("(a command")));
}

TEST(Arguments, RefusalsShowWhereTheDashesBelong) {
  EXPECT_THAT(refusal({"a", "b", "c"}), HasSubstr("did you mean `ferry try a -- b c`?"));
  EXPECT_THAT(refusal({"a", "ls", "it's", "here"}), HasSubstr("-- ls"));
  EXPECT_THAT(refusal({"--region", "r", "a", "ls", "--colour", "/"}),
              AllOf(HasSubstr("there is no flag '--colour'"), HasSubstr("`ferry try a -- ls --colour /`")));
  EXPECT_THAT(refusal({"a", "b", "c", "--", "d"}), Not(HasSubstr("did you mean")));
  EXPECT_THAT(refusal({"a", "b", "c"}, false), Not(HasSubstr("did you mean")));
  EXPECT_LT(refusal(std::vector<std::string>(1'000, "word")).size(), 200U);
}

TEST(Arguments, RefusalsNameTheNearestFlag) {
  EXPECT_EQ(refusal({"a", "--regoin", "x"}), "try: there is no flag '--regoin'; did you mean --region?");
  EXPECT_EQ(refusal({"a", "--enviroment=x"}),
            "try: there is no flag '--enviroment'; did you mean --environment?");
  EXPECT_EQ(refusal({"a", "--something"}), "try: there is no flag '--something'; see `ferry try --help`");
}

TEST(Arguments, AnEmptyValueIsRefusedRatherThanTakenForAbsence) {
  EXPECT_EQ(refusal({"a", "--region", ""}), "try: --region is empty; give it a value or leave it out");
  EXPECT_EQ(refusal({"a", "-o", ""}), "try: --output is empty; give it a value or leave it out");
  EXPECT_THAT(refusal({"a", "--region="}), HasSubstr("--region"));
  EXPECT_THAT(refusal({"a", "--port", ""}), HasSubstr("--port is empty"));
  EXPECT_THAT(refusal({"a", "--timeout", ""}), HasSubstr("--timeout is empty"));
}

TEST(Arguments, HelpTellsEverythingAndLooksAtNothingElse) {
  Options options;
  const Arguments arguments = describe(options);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--help"}, {"-h"}, {"--nope", "--help"}, {"a", "b", "c", "-h"}}) {
    const Result<Parsed> result = arguments.parse(words);
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, Parsed::help);
  }
  const std::string help = arguments.help();
  for (const char* text :
       {"usage: ferry try [flags] TARGET [SECOND] [-- COMMAND ...]", "-d, --detach", "--region REGION",
        "-o, --output text|json", "-e, --environment K=V", "(repeatable)", "whom else", "-h, --help"}) {
    EXPECT_THAT(help, HasSubstr(text));
  }
}

TEST(Duration, ReadsUnitsAndTheirSums) {
  const std::pair<const char*, milliseconds> cases[] = {{"500ms", milliseconds(500)},
                                                        {"90", seconds(90)},
                                                        {"90s", seconds(90)},
                                                        {"30m", std::chrono::minutes(30)},
                                                        {"1h30m", std::chrono::minutes(90)},
                                                        {"2d", std::chrono::hours(48)},
                                                        {"1m500ms", milliseconds(60'500)},
                                                        {"365d", std::chrono::hours(8760)}};
  for (const auto& [text, expected] : cases) {
    const Result<milliseconds> duration = parse_duration(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(*duration, expected) << text;
  }
  for (const char* text : {"", "0", "0s", "-1s", "1.5h", "s", "h1", "1x", "1h30", "30 m", "366d", "364d48h",
                           "99999999999999999999s", "9223372036854775807d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

}  // namespace
}  // namespace ferry::cli

#include "feature/one_word_command.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

using testing::AllOf;
using testing::HasSubstr;

CommandResult exited(int code) {
  CommandResult result;
  result.outcome = Outcome::exited;
  result.exit_code = code;
  return result;
}

CommandResult not_started(std::string explanation) {
  CommandResult result;
  result.outcome = Outcome::not_started;
  result.explanation = std::move(explanation);
  return result;
}

std::string told(const std::vector<std::string>& command, CommandResult result,
                 CommandPlace place = CommandPlace::alone) {
  explain_one_word(command, place, result);
  return result.explanation;
}

TEST(OneWordCommand, IsExplainedWhereItWasNotFound) {
  EXPECT_THAT(told({"echo hi"}, exited(127)), HasSubstr("sh -c 'echo hi'"));
  EXPECT_THAT(told({"echo hi"}, exited(127)), HasSubstr("one word"));
  const std::string reason = R"(CannotStartContainerError: exec: "a\tb": executable file not found in $PATH)";
  EXPECT_THAT(told({"a\tb"}, not_started(reason)), testing::StartsWith(reason + "; "));
  EXPECT_THAT(told({"/bin/ls -l"}, not_started("fork/exec /bin/ls -l: no such file or directory")),
              HasSubstr("sh -c '/bin/ls -l'"));
  EXPECT_THAT(told({"echo \"it's\""}, exited(127)), HasSubstr(R"(sh -c )"));
}

TEST(OneWordCommand, ClaimsNothingOfAProgramThatAnEntryPointMayHaveLookedFor) {
  constexpr CommandPlace place = CommandPlace::behind_entry_point;
  EXPECT_THAT(
      told({"nope -v"}, exited(127), place),
      AllOf(HasSubstr("unless the image's entry point takes it apart"), HasSubstr("sh -c 'nope -v'")));
  const std::string reason =
      R"(CannotStartContainerError: exec: "nope -v": executable file not found in $PATH)";
  EXPECT_THAT(told({"nope -v"}, not_started(reason), place), HasSubstr("no program has that name"));
}

TEST(OneWordCommand, SaysNothingOfAnyOther) {
  EXPECT_EQ(told({"echo hi"}, exited(0)), "") << "there is such a program";
  EXPECT_EQ(told({"echo hi"}, exited(126)), "") << "found, and not to be executed";
  EXPECT_EQ(told({"nope"}, exited(127)), "") << "no blank";
  EXPECT_EQ(told({" nope "}, exited(127)), "") << "one word for a shell too";
  EXPECT_EQ(told({"echo", "a b"}, exited(127)), "") << "several words";
  EXPECT_EQ(told({}, exited(127)), "");
  EXPECT_EQ(told({"echo hi"}, not_started("you may not")), "you may not");
  CommandResult unknown;
  unknown.explanation = "executable file not found";
  EXPECT_EQ(told({"echo hi"}, unknown), "executable file not found");
}

}  // namespace
}  // namespace ferry::feature

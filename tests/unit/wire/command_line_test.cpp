#include "wire/command_line.hpp"

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> words_of(std::string_view text) {
  const Result<std::vector<std::string>> words = split_command_line(text);
  EXPECT_TRUE(words) << words.error().line();
  return words.value_or(std::vector<std::string>{"(failed)"});
}

TEST(SplitCommandLine, SeparatesAtBlanksAndLineEnds) {
  EXPECT_THAT(words_of("  ps\tax\r\n -o  pid "), ElementsAre("ps", "ax", "-o", "pid"));
  EXPECT_THAT(words_of(""), IsEmpty());
  EXPECT_THAT(words_of(" \n "), IsEmpty());
}

TEST(SplitCommandLine, KnowsBothQuotesAndJoinsWhatTouches) {
  EXPECT_THAT(words_of(R"(sh -c 'echo "a  b" $HOME')"), ElementsAre("sh", "-c", "echo \"a  b\" $HOME"));
  EXPECT_THAT(words_of(R"(a"b c"'d e'f)"), ElementsAre("ab cd ef"));
  EXPECT_THAT(words_of(R"('' "" x)"), ElementsAre("", "", "x"));
}

TEST(SplitCommandLine, TakesAnyCharacterAfterABackslash) {
  EXPECT_THAT(words_of(R"(a\ b \"c \n)"), ElementsAre("a b", "\"c", "n"));
  EXPECT_THAT(words_of(R"("a\"b\n\\")"), ElementsAre(R"(a"bn\)"));
  EXPECT_THAT(words_of(R"('a\b')"), ElementsAre(R"(a\b)"));
}

TEST(SplitCommandLine, HasCommentsAtTheStartOfAWordOnly) {
  EXPECT_THAT(words_of("echo a #b c"), ElementsAre("echo", "a"));
  EXPECT_THAT(words_of("echo a#b '#c' # d\nnext"), ElementsAre("echo", "a#b", "#c", "next"));
}

TEST(SplitCommandLine, RefusesWhatIsNotFinished) {
  EXPECT_EQ(split_command_line("echo 'a").error().what, "EOF found when expecting closing quote");
  EXPECT_EQ(split_command_line("echo \"a\\\"").error().what, "EOF found when expecting closing quote");
  EXPECT_EQ(split_command_line("echo a\\").error().what, "EOF found after escape character");
  EXPECT_EQ(split_command_line("echo \"a\\").error().what, "EOF found after escape character");
}

const std::vector<std::string>& awkward_words() {
  static const std::vector<std::string> words{
      "",      "plain", "a b",       "it's",  "''", "\"", "\\",           "a\\", "$HOME `id` $(id)",
      "#x",    "*?[a]", "line\nend", "tab\t", "~",  "!x", "-n",           "é ☃", "a;b&&c|d>e<f",
      "{{x}}", "{{{{",  "{ssm:a}}",  "{'{",   "=",  "{",  "'{{ ssm:a }}'"};
  return words;
}

TEST(QuoteCommandLine, ComesBackAsTheSameWords) {
  EXPECT_EQ(words_of(quote_command_line(awkward_words())), awkward_words());
}

TEST(QuoteCommandLine, NeverHasTwoOpeningBracesInARow) {
  EXPECT_THAT(quote_command_line(awkward_words()), Not(HasSubstr("{{")));
}

TEST(QuoteCommandLine, LeavesPlainWordsReadable) {
  const std::vector<std::string> words{"rails", "runner", "p 1"};
  EXPECT_EQ(quote_command_line(words), "rails runner 'p 1'");
}

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe.get()))
    output.append(buffer.data(), count);
  return output;
}

// Independent readers of the same language: a shell, and Python's shlex.
TEST(QuoteCommandLine, IsTakenBackByAShellAndByPythonsShlex) {
  const std::string line = quote_command_line(awkward_words());
  std::string expected;
  for (const std::string& word : awkward_words()) expected += "<" + word + ">";
  EXPECT_EQ(output_of("printf '<%s>' " + line), expected);
  EXPECT_EQ(output_of("python3 -c 'import shlex,sys\nfor w in shlex.split(sys.argv[1]): "
                      "sys.stdout.write(\"<%s>\" % w)' " +
                      quote_word(line)),
            expected);
}

}  // namespace
}  // namespace ferry::wire

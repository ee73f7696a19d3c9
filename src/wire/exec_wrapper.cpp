#include "wire/exec_wrapper.hpp"

#include "wire/command_line.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace ferry::wire {
namespace {

// f prints a frame. \036 (RS) keeps the script and its arguments, which `ps` shows, from looking like one.
constexpr std::string_view kPrologue = R"(n=$1;shift;f(){ printf "\036%s%s\036" "$n" "$1";};)";

// Without a terminal: the output should pass as it is (m=r); where stty is missing, the terminal turns each
// line feed into CR LF (m=c) and the decoder undoes it.
constexpr std::string_view kQuietTerminal =
    R"(if stty -echo -opost;then m=r;else m=c;fi 2>/dev/null;h(){ command -v $1 >/dev/null 2>&1;};)";

// Input travels as text through a terminal: without stty it would be echoed into the output.
constexpr std::string_view kNeedsForInput =
    R"([ $m = r ]||{ f !stty;exit;};for t in base64 head;do h $t||{ f !$t;exit;};done;)";

// r runs the command in a shell of its own (so that `exit` and signals end only that) and reports on the same
// pipe: the frame follows all that the command wrote, even while a child of it still holds the pipe open.
// The shell's own remarks ("Killed") go nowhere; "not found" is printed where the command's errors go.
constexpr std::string_view kRun = R"(r(){ (exec "$@") 2>&1;f "=$?";};)";

// i turns input lines back into bytes. A terminal gives head one line a read, so it takes no line too many.
// It ends with the command that no longer reads.
constexpr std::string_view kGoWithInput =
    R"(i(){ while read -r c;do case $c in .)break;;esac;head -n "$c"|base64 -d||break;done;};g(){ i|r "$@";};)";
constexpr std::string_view kGoWithoutInput = R"(g(){ r "$@" </dev/null;};)";

// The pipe through cat is what makes the command see no terminal. Images without cat do without.
constexpr std::string_view kPipe = R"(f +$m;if h cat;then g "$@"|cat;else g "$@";fi 2>/dev/null)";

// On a terminal: the wrapper outlives the keys that interrupt the command. The start is announced where the
// trap no longer holds, so that a key pressed from then on reaches the command.
constexpr std::string_view kOnTerminal =
    R"(stty rows $1 cols $2 2>/dev/null;[ "$3" ]&&export TERM="$3";shift 3;trap : INT QUIT;(trap - INT QUIT;f +r;exec "$@"))";

std::string script(const ExecPlan& plan) {
  std::string text{kPrologue};
  if (plan.terminal) {
    text += kOnTerminal;
    if (!plan.has_input) text += " </dev/null";
    text += R"(;f "=$?")";
    return text;
  }
  text += kQuietTerminal;
  if (plan.has_input) text += kNeedsForInput;
  text += kRun;
  text += plan.has_input ? kGoWithInput : kGoWithoutInput;
  text += kPipe;
  return text;
}

}  // namespace

std::string wrap_command(const ExecPlan& plan) {
  assert(!plan.command.empty());
  std::vector<std::string> words{"sh", "-c", script(plan), "sh", plan.nonce};
  if (plan.terminal) {
    words.push_back(fmt::to_string(plan.terminal->rows));
    words.push_back(fmt::to_string(plan.terminal->columns));
    words.push_back(plan.terminal->type);
  }
  words.insert(words.end(), plan.command.begin(), plan.command.end());
  return quote_command_line(words);
}

std::string frame_input(BytesView bytes) {
  // Whole groups of three, so that the lines of a chunk are one base64 text; 1,000 characters a line.
  constexpr std::size_t kBytesPerLine = 750;
  assert(!bytes.empty() && bytes.size() <= kMaxInputChunk);
  std::string lines = fmt::format("{}\n", (bytes.size() + kBytesPerLine - 1) / kBytesPerLine);
  for (std::size_t at = 0; at < bytes.size(); at += kBytesPerLine) {
    lines += base64(bytes.subspan(at, std::min(kBytesPerLine, bytes.size() - at)));
    lines += '\n';
  }
  return lines;
}

}  // namespace ferry::wire

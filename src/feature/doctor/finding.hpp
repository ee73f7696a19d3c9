// What the doctor says of one thing that exec needs. A value.
#pragma once

#include <string>
#include <vector>

namespace ferry::feature {

enum class Verdict {
  ok,
  advice,  // exec works, and something is worth doing, or is to be seen to where we cannot look
  wrong,
  cannot_tell,
};

// How a wrong thing is put right, with the real names filled in. Either may be empty where it has no such
// form.
struct Fixes {
  std::string commands;   // lines for a POSIX shell: of ferry, and of jq where an answer is edited
  std::string terraform;  // lines of HCL
};

struct Finding {
  std::string check;  // a stable name: "task-role"
  Verdict verdict = Verdict::ok;
  std::string what;  // one line: what was seen
  std::string why;   // why it matters, or why it cannot be told; may be empty where all is well
  Fixes fixes;       // of a wrong one
};

inline Finding fine(std::string check, std::string what, std::string why = {}) {
  return {.check = std::move(check),
          .verdict = Verdict::ok,
          .what = std::move(what),
          .why = std::move(why),
          .fixes = {}};
}

inline Finding advised(std::string check, std::string what, std::string why) {
  return {.check = std::move(check),
          .verdict = Verdict::advice,
          .what = std::move(what),
          .why = std::move(why),
          .fixes = {}};
}

inline Finding cannot_tell(std::string check, std::string what, std::string why) {
  return {.check = std::move(check),
          .verdict = Verdict::cannot_tell,
          .what = std::move(what),
          .why = std::move(why),
          .fixes = {}};
}

inline Finding wrong(std::string check, std::string what, std::string why, Fixes fixes) {
  return {.check = std::move(check),
          .verdict = Verdict::wrong,
          .what = std::move(what),
          .why = std::move(why),
          .fixes = std::move(fixes)};
}

}  // namespace ferry::feature

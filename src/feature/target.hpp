// What a person writes to name a running task:
//   ARN | task/ID-or-unique-prefix | family/NAME | CLUSTER/SERVICE | SERVICE | whole ID | CLUSTER/whole ID
// Pure.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace ferry::feature {

struct Target {
  enum class Kind { task, family, service };
  Kind kind = Kind::service;
  std::string name;     // the task's id or prefix, the family, the service
  std::string cluster;  // its name
  std::string region;   // from an ARN; empty where the text names none
};

// `cluster` is where everything is looked for that does not name its own. A cluster called "task" or "family"
// needs the ARN. Failure `usage` says what the text should look like.
Result<Target> parse_target(std::string_view text, std::string_view cluster);

// Failure `usage` where the target names another cluster than `cluster`, which a person asked for beside it
// by name or ARN.
Result<> expect_cluster(const Target& target, std::string_view cluster);

// True for an id that names one task for certain: 32 hexadecimal digits, or the older form with hyphens.
bool is_whole_task_id(std::string_view id);

// True for a word that can be a task's id or the beginning of one, and hardly anything else: at least eight
// hexadecimal digits, with the hyphens of the older form behind them.
bool looks_like_task_id(std::string_view word);

// A TASK argument: a task's ARN, `task/ID` of which any unique prefix will do, CLUSTER/ID with the whole id,
// or a bare word that looks like a task's id. The answer is always of kind task. Failure `usage`.
Result<Target> parse_task(std::string_view text, std::string_view cluster);

// As it is said in messages: "service web in cluster prod".
std::string describe(const Target& target);

}  // namespace ferry::feature

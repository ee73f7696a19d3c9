// Files of the user's that hold keys or a login, as other tools have written them.
#pragma once

#include "aws/observer.hpp"
#include "base/secret.hpp"

#include <optional>
#include <string>

namespace ferry::aws {

// Tells the observer of a file that its group or others can read or change, where this user can help it: not
// of one that belongs to somebody else or is on a file system without writing, as platforms mount them.
void check_secret_file(const std::string& path, Observer& observer);

// The whole content of a file of at most 1 MiB, checked as above; nothing where it cannot be read.
std::optional<Secret> read_secret_file(const std::string& path, Observer& observer);

}  // namespace ferry::aws

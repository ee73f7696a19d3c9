// The door: takes the program's arguments to a command and its outcome to an exit status.
#pragma once

namespace ferry::cli {

// The exit statuses that ferry gives by itself (docs/result.md).
inline constexpr int kExitTimedOut = 124;
inline constexpr int kExitFailure = 125;
inline constexpr int kExitNotInvokable = 126;
inline constexpr int kExitNotFound = 127;
inline constexpr int kExitInterrupted = 130;
inline constexpr int kExitUnknown = 255;

// The whole program; the value is its exit status.
int main(int argc, char** argv);

}  // namespace ferry::cli

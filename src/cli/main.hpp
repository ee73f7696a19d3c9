// The door: takes the program's arguments to a command and its outcome to an exit status.
#pragma once

namespace ferry::cli {

// The exit status of a request that ferry refused or could not carry out; feature/result.hpp has the rest.
inline constexpr int kExitFailure = 125;

// The whole program; the value is its exit status.
int main(int argc, char** argv);

}  // namespace ferry::cli

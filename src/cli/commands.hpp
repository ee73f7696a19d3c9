// Every command is a function of its words; the table in main.cpp is the only place that lists them.
#pragma once

#include "base/result.hpp"

#include <span>
#include <string>

namespace ferry::cli {

using Words = std::span<const std::string>;

// Each takes the words after the command's name and gives the exit status. A Failure is printed as one
// `ferry:` line and becomes status 125.
Result<int> exec_command(Words words);                    // exec_command.cpp
Result<int> run_command(Words words);                     // run_command.cpp
Result<int> ps_command(Words words);                      // ps_command.cpp
Result<int> logs_command(Words words);                    // logs_command.cpp
Result<int> wait_command(Words words);                    // wait_command.cpp
Result<int> stop_command(Words words);                    // stop_command.cpp
Result<int> explain_command(Words words);                 // explain_command.cpp
Result<int> whoami_command(Words words);                  // whoami_command.cpp
Result<int> wrap_command(Words words);                    // wrap_command.cpp
Result<int> collect_command(Words words);                 // collect_command.cpp
Result<int> doctor_command(Words words);                  // doctor_command.cpp
Result<int> enable_exec_command(Words words);             // enable_exec_command.cpp
Result<int> api_command(Words words);                     // api_command.cpp
Result<int> local_command(Words words);                   // local_command.cpp
Result<int> session_manager_plugin_command(Words words);  // session_manager_plugin_command.cpp

}  // namespace ferry::cli

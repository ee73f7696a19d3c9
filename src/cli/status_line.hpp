// The `ferry:` lines on stderr while a command has not ended: notices, and what is waited for. On a terminal
// the latter is one line that is rewritten and leaves no trace; elsewhere each change is a line.
#pragma once

#include <string>
#include <string_view>

namespace ferry::cli {

class StatusLine {
 public:
  StatusLine();
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void notice(std::string_view line);
  // Empty: nothing is waited for any more.
  void status(std::string_view line);

 private:
  void clear();

  bool on_terminal_;
  std::string shown_;
};

}  // namespace ferry::cli

// The escape keys of an interactive session, at the start of a line: `~.` disconnects, `~?` asks for help,
// `~~` is one `~`. Pure; holds back at most one byte.
#pragma once

#include "base/text.hpp"

namespace ferry::feature {

class EscapeKeys {
 public:
  struct Typed {
    Bytes input;  // what is for the remote side
    bool disconnect = false;
    bool help = false;
  };
  // What is typed after a disconnect is dropped.
  Typed feed(BytesView bytes);

 private:
  bool at_line_start_ = true;
  bool escape_held_ = false;
};

}  // namespace ferry::feature

// One websocket message on its way out of a session core. Owns its bytes.
#pragma once

#include "base/text.hpp"

namespace ferry::wire {

struct Frame {
  bool is_text = false;
  Bytes payload;
};

}  // namespace ferry::wire

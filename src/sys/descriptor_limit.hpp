// How many descriptors this process, and what it starts, may have open.
#pragma once

namespace ferry::sys {

// As many as the system lets it, in place of the lower number that it began with. Without effect where that
// cannot be raised.
void raise_descriptor_limit();

}  // namespace ferry::sys

// What a program does for the keys in its memory. Changes the whole process, so only a program's main() may.
#pragma once

namespace ferry::sys {

// From now on this process leaves no core dump, no other process of the user can read its memory or its
// environment, and memory that is given back is overwritten. Programs that it starts are as they would be
// without.
void keep_memory_private();

}  // namespace ferry::sys

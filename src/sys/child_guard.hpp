// A process between us and a program that it starts, so that the program and all that comes of it end with
// us, at whatever moment we are killed: the kernel's own signal at a parent's death reaches one process only,
// and only once that has asked for it. Async-signal-safe: it runs in the copy of a process whose other
// threads are gone. Linux only.
#pragma once

#include <sys/types.h>

namespace ferry::sys {

// To be called first in the guard, which `parent` has just forked: it leaves the parent's session and
// terminal, and whatever loses its parent below it becomes its child. A pidfd of the parent, or -1 where that
// has ended or the kernel cannot tell: then nothing may be started.
int become_guard(pid_t parent) noexcept;

// Waits for the end of `program`, a child that leads a process group or is about to, or of the parent; then
// ends all that is left below, and itself as the program ended: with its exit code, or 128+n for signal n.
// Keeps no descriptor but `parent_end`, become_guard()'s.
[[noreturn]] void guard_program(pid_t program, int parent_end) noexcept;

}  // namespace ferry::sys

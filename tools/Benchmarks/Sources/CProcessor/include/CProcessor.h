// Which processors a process may run on: the C library declares that for GNU programs only, so Swift does not see it.
#pragma once

/// Binds the calling thread, and those it starts, to one processor. Returns 0 or -1.
int processor_bind(int processor);
/// Lets it run on all of them again. Returns 0 or -1.
int processor_release(void);

// The few things that Swift cannot say: system calls without a wrapper in the C library, process-shared robust mutex
// attributes, and a compiler-only fence.
#pragma once
#include "cellar_layout.h"
#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/// Keeps the compiler from moving memory accesses across; emits no instruction.
static inline void cellar_compiler_fence(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

/// How many forks lie between the process that first asked (`cellar_fork_watch`) and this one.
extern uint64_t cellar_fork_generation;
static inline uint64_t cellar_fork_count(void) { return __atomic_load_n(&cellar_fork_generation, __ATOMIC_RELAXED); }
/// Begins to count. Returns 0 or an errno.
int cellar_fork_watch(void);

/// Asks for the memory's cache line ahead of its use.
static inline void cellar_prefetch(const void *address) { __builtin_prefetch(address); }

/// Sleeps while `*word == expected`, for at most `nanoseconds`. Returns 0 or an errno (EAGAIN, ETIMEDOUT, EINTR).
int cellar_futex_wait(uint32_t *word, uint32_t expected, int64_t nanoseconds);
/// Wakes up to `count` sleepers on the word.
void cellar_futex_wake(uint32_t *word, int count);

/// One of several words that a thread sleeps on: the kernel's own structure for that.
typedef struct cellar_futex_waiter {
    uint64_t expected;
    uint64_t address;
    uint32_t flags;
    uint32_t reserved;
} cellar_futex_waiter;
enum { CELLAR_FUTEX_WAITERS = 128, CELLAR_FUTEX_32_BITS = 2 };
/// Sleeps until one of the words is not (or no longer) what it is expected to be, at most until the deadline on
/// CLOCK_MONOTONIC. Returns 0 or an errno (EAGAIN, ETIMEDOUT, EINTR; ENOSYS before Linux 5.16).
int cellar_futex_wait_any(const cellar_futex_waiter *waiters, unsigned count, int64_t deadline_nanoseconds);

/// Tells the processor that this is a loop that waits.
static inline void cellar_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Registers this process for global expedited membarriers. Returns 0 or an errno.
int cellar_membarrier_register(void);
/// A full memory barrier on every registered process's running threads. Returns 0 or an errno.
int cellar_membarrier(void);

/// Makes a normal, robust, process-shared mutex of the bytes. Returns 0 or an errno.
int cellar_mutex_init(pthread_mutex_t *mutex);
/// Whether the bytes are such a mutex, as far as can be told without using it.
bool cellar_mutex_is_sound(const pthread_mutex_t *mutex);
/// Locks with a deadline on CLOCK_MONOTONIC. Returns 0, EOWNERDEAD (locked), ETIMEDOUT or another errno.
int cellar_mutex_lock_until(pthread_mutex_t *mutex, int64_t deadline_nanoseconds);

/// The kernel's id of the calling thread.
pid_t cellar_thread_id(void);
/// Names the calling thread, for people who look with ps or a debugger; at most 15 bytes are kept.
void cellar_thread_set_name(const char *name);

/// Kinds of lock on a whole file, held by the open file (so by all who inherit it) and not by the process.
enum { CELLAR_LOCK_NONE, CELLAR_LOCK_SHARED, CELLAR_LOCK_EXCLUSIVE };
/// Takes or gives up a lock without waiting. Returns 0, EAGAIN (somebody else has it) or another errno.
int cellar_file_lock(int file, int kind);
/// Whether another open file holds a lock: 1, 0, or -1 where that cannot be told. Changes nothing.
int cellar_file_is_locked(int file);
/// Takes a shared lock on one byte, which may lie behind the file's end. Returns 0 or an errno.
int cellar_file_lock_byte(int file, off_t byte);
/// Takes a lock alone on one byte without waiting, or gives it back. Returns 0, EAGAIN (somebody else has it) or an errno.
int cellar_file_lock_byte_alone(int file, off_t byte, bool takes);
/// As `cellar_file_is_locked`, for the bytes from 0 to `last`.
int cellar_file_is_locked_up_to(int file, off_t last);

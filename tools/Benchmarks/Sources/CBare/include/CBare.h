// What the hardware and the C library do at best: each function repeats one operation.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// A fresh page of shared memory (MAP_SHARED), to be like the segment. Never freed.
void *bare_shared_page(void);
uint64_t bare_load(const uint64_t *word, size_t repetitions);
void bare_store(uint64_t *word, size_t repetitions);
void bare_add(uint64_t *word, size_t repetitions);
/// Copies 64 bytes out of shared memory in relaxed atomic words.
uint64_t bare_copy64(const uint64_t *source, size_t repetitions);
/// Locks and unlocks a robust, process-shared mutex around a copy of 64 bytes into shared memory.
void bare_locked_copy64(void *page, size_t repetitions);
/// Locks and unlocks a robust, process-shared mutex of a shared page.
void bare_lock_pairs(void *page, size_t repetitions);
/// A table of slots that lead to blocks in shared memory, as large as a store's directory and cells. Never freed.
void *bare_table(size_t cells);
/// What no lookup can do without: from a random slot to its block, each step waiting for the one before.
uint64_t bare_find(const void *table, size_t repetitions);
/// Binds the calling thread to one processor. Returns 0 or -1.
int bare_pin(int processor);
/// Lets the calling thread run on all of them again. Returns 0 or -1.
int bare_unpin(void);
/// Two processes, bound to the processors, hand a word to each other, looking at it all the time. Returns nanoseconds a hand-over.
double bare_ping_pong(int first, int second, int repetitions);
/// The same, asleep on a futex in between.
double bare_futex_ping_pong(int first, int second, int repetitions);
/// Wakes a process that sleeps on a futex, so often, with a pause before each; processes are bound to the processors.
/// Returns the median of the nanoseconds from just before the store until the woken one goes on, or -1.
double bare_wake(int waker, int sleeper, int repetitions, unsigned pause_microseconds);

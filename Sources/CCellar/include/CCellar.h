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
/// Between the two, a background thread may hold locks of the Swift runtime's, which a forked child would wait for for ever: a
/// thread that forks waits until none is at work, two seconds at most.
void cellar_begin_work(void);
void cellar_end_work(void);

/// Asks for the memory's cache line ahead of its use.
static inline void cellar_prefetch(const void *address) { __builtin_prefetch(address); }

static inline void cellar_prefetch_to_write(void *address) { __builtin_prefetch(address, 1); }

#if defined(__SSE2__)
typedef long long cellar_vector __attribute__((vector_size(16), aligned(8), may_alias));
/// Sixteen bytes of memory that others may write meanwhile: each half is whole, and the compiler reads it just here.
static inline cellar_vector cellar_load_vector(const void *address) {
    cellar_vector loaded;
    __asm__ volatile("movdqu %1, %0" : "=x"(loaded) : "m"(*(const cellar_vector *)address));
    return loaded;
}
/// Sixteen bytes into such memory.
static inline void cellar_store_vector(void *address, cellar_vector stored) {
    __asm__ volatile("movdqu %1, %0" : "=m"(*(cellar_vector *)address) : "x"(stored));
}
#endif

/// Copies bytes, a multiple of 8, from memory at a multiple of 8 that others may write meanwhile.
static inline void cellar_copy_out(const void *source, void *target, long count) {
    long offset = 0;
#if defined(__SSE2__)
    for (; offset + 64 <= count; offset += 64) {
        const char *from = (const char *)source + offset;
        cellar_vector *to = (cellar_vector *)((char *)target + offset);
        // Written out: a loop over four would go over the stack.
        cellar_vector first = cellar_load_vector(from), second = cellar_load_vector(from + 16);
        cellar_vector third = cellar_load_vector(from + 32), fourth = cellar_load_vector(from + 48);
        to[0] = first;
        to[1] = second;
        to[2] = third;
        to[3] = fourth;
    }
    for (; offset + 16 <= count; offset += 16)
        *(cellar_vector *)((char *)target + offset) = cellar_load_vector((const char *)source + offset);
#endif
    for (; offset + 8 <= count; offset += 8) {
        uint64_t word = __atomic_load_n((const uint64_t *)((const char *)source + offset), __ATOMIC_RELAXED);
        __builtin_memcpy((char *)target + offset, &word, sizeof word);
    }
}

/// Copies bytes, a multiple of 8, to memory at a multiple of 8 that others may read meanwhile.
static inline void cellar_copy_in(const void *source, void *target, long count) {
    long offset = 0;
#if defined(__SSE2__)
    for (; offset + 64 <= count; offset += 64) {
        char *to = (char *)target + offset;
        cellar_vector four[4];
        __builtin_memcpy(four, (const char *)source + offset, sizeof four);
        cellar_store_vector(to, four[0]);
        cellar_store_vector(to + 16, four[1]);
        cellar_store_vector(to + 32, four[2]);
        cellar_store_vector(to + 48, four[3]);
    }
#endif
    for (; offset < count; offset += 8) {
        uint64_t word;
        __builtin_memcpy(&word, (const char *)source + offset, sizeof word);
        __atomic_store_n((uint64_t *)((char *)target + offset), word, __ATOMIC_RELAXED);
    }
}

/// Copies bytes, a multiple of 8, in words.
static inline void cellar_copy_words(const void *source, void *target, long count) {
    long offset = 0;
    for (; offset + 32 <= count; offset += 32) {
        uint64_t words[4];
        for (int word = 0; word < 4; word++) __builtin_memcpy(&words[word], (const char *)source + offset + 8 * word, 8);
        __asm__("" : "+r"(words[0]), "+r"(words[1]), "+r"(words[2]), "+r"(words[3]));
        for (int word = 0; word < 4; word++) __builtin_memcpy((char *)target + offset + 8 * word, &words[word], 8);
    }
    for (; offset < count; offset += 8) {
        uint64_t word;
        __builtin_memcpy(&word, (const char *)source + offset, 8);
        __builtin_memcpy((char *)target + offset, &word, 8);
    }
}

/// A bit for each of sixteen bytes, at a multiple of 8, that is `tag`; where there are any, perhaps some that are not.
static inline uint16_t cellar_find_tags(const void *tags, uint8_t tag) {
#if defined(__SSE2__)
    typedef char bytes __attribute__((vector_size(16)));
    bytes wanted = (bytes){0} + (char)tag;
    return (uint16_t)__builtin_ia32_pmovmskb128((bytes)((bytes)cellar_load_vector(tags) == wanted));
#else
    uint64_t found = 0;
    for (int half = 0; half < 2; half++) {
        uint64_t word = __atomic_load_n((const uint64_t *)tags + half, __ATOMIC_RELAXED) ^ tag * 0x0101010101010101u;
        uint64_t zeros = (word - 0x0101010101010101u) & ~word & 0x8080808080808080u;
        // The high bits of the eight bytes, moved together.
        found |= ((zeros >> 7) * 0x0102040810204080u >> 56) << (8 * half);
    }
    return (uint16_t)found;
#endif
}

/// Sleeps while `*word == expected`, for at most `nanoseconds`. Returns 0 or an errno (EAGAIN, ETIMEDOUT, EINTR).
int cellar_futex_wait(uint32_t *word, uint32_t expected, int64_t nanoseconds);
/// Wakes up to `count` sleepers on the word.
void cellar_futex_wake(uint32_t *word, int count);

/// Sleeps as one of these kinds (bits), at most until the deadline on CLOCK_MONOTONIC; else as `cellar_futex_wait`.
int cellar_futex_wait_among(uint32_t *word, uint32_t expected, int64_t deadline_nanoseconds, uint32_t kinds);
/// Wakes all sleepers of these kinds, and those of no kind.
void cellar_futex_wake_among(uint32_t *word, uint32_t kinds);

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
/// What the C library calls such a mutex, in its word for the kind.
enum { CELLAR_MUTEX_KIND = 128 | 16 };
/// As pthread_mutex_trylock, but EINVAL for bytes that are no such mutex: the library would take other paths for other kinds, and
/// use instructions that the processor does not have.
static inline int cellar_mutex_trylock(pthread_mutex_t *mutex) {
    return mutex->__data.__kind == CELLAR_MUTEX_KIND ? pthread_mutex_trylock(mutex) : EINVAL;
}
/// Locks with a deadline on CLOCK_MONOTONIC. Returns 0, EOWNERDEAD (locked), ETIMEDOUT or another errno.
int cellar_mutex_lock_until(pthread_mutex_t *mutex, int64_t deadline_nanoseconds);

/// For one who waits until the mutex is free without blocking: what its first word is for as long as it stays taken, now that
/// it says that somebody waits; 0 where it is worth trying.
uint32_t cellar_mutex_await(pthread_mutex_t *mutex);
/// Tries to lock. Returns 0, EOWNERDEAD (locked), EBUSY or another errno. Who waited before says so: others may wait still.
int cellar_mutex_try(pthread_mutex_t *mutex, bool has_waited);

/// A number of the calling thread's own, never given twice in a process.
uint64_t cellar_thread_token(void);
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
/// Takes a lease on the file to write, or gives it back. Returns 0, EAGAIN (another open file, of any process in any container,
/// can write it), or another errno. While it is held, opening the file without waiting fails with EWOULDBLOCK.
int cellar_file_lease(int file, bool takes);
/// As `cellar_file_is_locked`, for the bytes from 0 to `last`.
int cellar_file_is_locked_up_to(int file, off_t last);

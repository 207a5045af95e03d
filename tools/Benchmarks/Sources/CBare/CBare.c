#define _GNU_SOURCE
#include "CBare.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// One operation an iteration, as in the Swift loops: unrolled, these would measure the loop and not the operation.
#if defined(__clang__)
#define ONE_BY_ONE _Pragma("clang loop unroll(disable) vectorize(disable)")
#else
#define ONE_BY_ONE _Pragma("GCC unroll 1")
#endif

void *bare_shared_page(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init((pthread_mutex_t *)((char *)page + 1024), &attributes);
    return page;
}

uint64_t bare_load(const uint64_t *word, size_t repetitions) {
    uint64_t sum = 0;
    ONE_BY_ONE
    for (size_t i = 0; i < repetitions; i++) sum += __atomic_load_n(word, __ATOMIC_ACQUIRE);
    return sum;
}

void bare_store(uint64_t *word, size_t repetitions) {
    ONE_BY_ONE
    for (size_t i = 0; i < repetitions; i++) __atomic_store_n(word, i, __ATOMIC_RELAXED);
}

void bare_add(uint64_t *word, size_t repetitions) {
    ONE_BY_ONE
    for (size_t i = 0; i < repetitions; i++) __atomic_fetch_add(word, 1, __ATOMIC_ACQ_REL);
}

uint64_t bare_copy64(const uint64_t *source, size_t repetitions) {
    uint64_t sum = 0;
    ONE_BY_ONE
    for (size_t i = 0; i < repetitions; i++)
        for (int word = 0; word < 8; word++) sum += __atomic_load_n(source + word, __ATOMIC_RELAXED);
    return sum;
}

void bare_locked_copy64(void *page, size_t repetitions) {
    pthread_mutex_t *mutex = (pthread_mutex_t *)((char *)page + 1024);
    uint64_t *target = (uint64_t *)page;
    ONE_BY_ONE
    for (size_t i = 0; i < repetitions; i++) {
        pthread_mutex_lock(mutex);
        for (int word = 0; word < 8; word++) __atomic_store_n(target + word, i, __ATOMIC_RELAXED);
        pthread_mutex_unlock(mutex);
    }
}

void bare_lock_pairs(void *page, size_t repetitions) {
    pthread_mutex_t *mutex = (pthread_mutex_t *)((char *)page + 1024);
    ONE_BY_ONE
    for (size_t i = 0; i < repetitions; i++) {
        pthread_mutex_lock(mutex);
        pthread_mutex_unlock(mutex);
    }
}

#define BLOCK 144

void *bare_table(size_t cells) {
    size_t capacity = 1;
    while (capacity < cells) capacity *= 2;
    size_t bytes = (1 + capacity) * sizeof(uint64_t) + capacity * BLOCK;
    uint64_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    memory[0] = capacity;
    uint64_t random = 88172645463325252u;
    for (size_t slot = 0; slot < capacity; slot++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        size_t offset = (1 + capacity) * sizeof(uint64_t) + (random & (capacity - 1)) * BLOCK;
        memory[1 + slot] = offset;
        *(uint64_t *)((char *)memory + offset) = (random >> 32) & (capacity - 1);
    }
    return memory;
}

uint64_t bare_find(const void *table, size_t repetitions) {
    const uint64_t *slots = (const uint64_t *)table + 1;
    uint64_t mask = *(const uint64_t *)table - 1, slot = 0;
    for (size_t i = 0; i < repetitions; i++) {
        const char *block = (const char *)table + __atomic_load_n(slots + slot, __ATOMIC_ACQUIRE);
        slot = (__atomic_load_n((const uint64_t *)block, __ATOMIC_ACQUIRE) + i * 0x9E3779B97F4A7C15u) & mask;
    }
    return slot;
}

int bare_pin(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

int bare_unpin(void) {
    cpu_set_t set;
    memset(&set, 0xFF, sizeof set);
    return sched_setaffinity(0, sizeof set, &set);
}

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int ascending(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

struct wake_page {
    int64_t stored;
    uint32_t count;
    int64_t samples[];
};

static void sleep_and_note(struct wake_page *page, int repetitions) {
    for (int done = 0; done < repetitions; done++) {
        while (__atomic_load_n(&page->count, __ATOMIC_ACQUIRE) == (uint32_t)done)
            syscall(SYS_futex, &page->count, FUTEX_WAIT, done, NULL, NULL, 0);
        page->samples[done] = nanoseconds() - __atomic_load_n(&page->stored, __ATOMIC_RELAXED);
    }
}

double bare_wake(int waker, int sleeper, int repetitions, unsigned pause_microseconds) {
    size_t bytes = sizeof(struct wake_page) + (size_t)repetitions * sizeof(int64_t);
    struct wake_page *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return -1;
    pid_t child = fork();
    if (child == 0) {
        bare_pin(sleeper);
        sleep_and_note(page, repetitions);
        _exit(0);
    }
    bare_pin(waker);
    for (int done = 0; done < repetitions; done++) {
        usleep(pause_microseconds);
        __atomic_store_n(&page->stored, nanoseconds(), __ATOMIC_RELAXED);
        __atomic_fetch_add(&page->count, 1, __ATOMIC_RELEASE);
        syscall(SYS_futex, &page->count, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
    }
    waitpid(child, NULL, 0);
    qsort(page->samples, (size_t)repetitions, sizeof(int64_t), ascending);
    double median = (double)page->samples[repetitions / 2];
    munmap(page, bytes);
    return median;
}

struct ping_page {
    uint32_t turn;
};

static void hand_over(uint32_t *turn, uint32_t mine, bool sleeps) {
    __atomic_store_n(turn, mine, __ATOMIC_RELEASE);
    if (sleeps) syscall(SYS_futex, turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void await_turn(uint32_t *turn, uint32_t others, bool sleeps) {
    for (;;) {
        uint32_t seen = __atomic_load_n(turn, __ATOMIC_ACQUIRE);
        if (seen == others) return;
        if (sleeps) syscall(SYS_futex, turn, FUTEX_WAIT, seen, NULL, NULL, 0);
    }
}

static double ping_pong(int first, int second, int repetitions, bool sleeps) {
    struct ping_page *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return -1;
    pid_t child = fork();
    if (child == 0) {
        bare_pin(second);
        for (int done = 0; done < repetitions; done++) {
            await_turn(&page->turn, 2 * (uint32_t)done + 1, sleeps);
            hand_over(&page->turn, 2 * (uint32_t)done + 2, sleeps);
        }
        _exit(0);
    }
    bare_pin(first);
    int64_t start = nanoseconds();
    for (int done = 0; done < repetitions; done++) {
        hand_over(&page->turn, 2 * (uint32_t)done + 1, sleeps);
        await_turn(&page->turn, 2 * (uint32_t)done + 2, sleeps);
    }
    double each = (double)(nanoseconds() - start) / (2.0 * repetitions);
    waitpid(child, NULL, 0);
    munmap(page, 4096);
    return each;
}

double bare_ping_pong(int first, int second, int repetitions) { return ping_pong(first, second, repetitions, false); }

double bare_futex_ping_pong(int first, int second, int repetitions) {
    return ping_pong(first, second, repetitions, true);
}

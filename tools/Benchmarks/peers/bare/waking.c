#define _GNU_SOURCE
#include "bare.h"
#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WAKES 200

static struct page {
    _Alignas(64) uint32_t word;    // the futex: whose turn it is, or how often the sleeper was woken
    _Alignas(64) uint32_t asleep;  // how often the sleeper was about to sleep
    int64_t stamp;
    int64_t samples[WAKES];
} *page;

static void futex_wait(uint32_t *word, uint32_t seen) { syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0); }

static void futex_wake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0); }

void waking_finish(void) {
    if (page != NULL) munmap(page, sizeof *page);
    page = NULL;
}

// MARK: Waking a sleeper

static void sleep_and_note(void) {
    for (uint32_t done = 0; done < WAKES; done++) {
        __atomic_store_n(&page->asleep, done + 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(&page->word, __ATOMIC_ACQUIRE) == done) futex_wait(&page->word, done);
        page->samples[done] = nanoseconds() - page->stamp;
    }
}

static void wake_part(int participant, uint64_t count) {
    (void)count;
    if (participant == 1) return sleep_and_note();
    for (uint32_t done = 0; done < WAKES; done++) {
        while (__atomic_load_n(&page->asleep, __ATOMIC_ACQUIRE) != done + 1) sched_yield();
        usleep(1500);
        page->stamp = nanoseconds();
        __atomic_store_n(&page->word, done + 1, __ATOMIC_RELEASE);
        futex_wake(&page->word);
    }
}

void wake_prepare(void) {
    page = shared_memory(sizeof *page);
    participants_start(2, NULL, wake_part);
}

double wake_run(uint64_t count) {
    page->word = page->asleep = 0;
    together(count);
    return median(page->samples, WAKES);
}

// MARK: Turns

// Whether both are on one processor: who waits there must let the other one run.
static bool yields;

static void await_turn(uint32_t awaited, bool sleeps) {
    for (uint32_t seen; (seen = __atomic_load_n(&page->word, __ATOMIC_ACQUIRE)) != awaited;) {
        if (sleeps) futex_wait(&page->word, seen);
        else if (yields) sched_yield();
    }
}

static void hand_over(uint32_t next, bool sleeps) {
    __atomic_store_n(&page->word, next, __ATOMIC_RELEASE);
    if (sleeps) futex_wake(&page->word);
}

static void take_turns(int participant, uint32_t count, bool sleeps) {
    for (uint32_t done = 0; done < count; done++) {
        if (participant == 0) hand_over(2 * done + 1, sleeps);
        await_turn(2 * done + (participant == 0 ? 2 : 1), sleeps);
        if (participant == 1) hand_over(2 * done + 2, sleeps);
    }
}

static void awake_part(int participant, uint64_t count) { take_turns(participant, (uint32_t)count, false); }

static void asleep_part(int participant, uint64_t count) { take_turns(participant, (uint32_t)count, true); }

static void start_turns(void (*part)(int, uint64_t)) {
    const char *processors = parameter_text("cpus", "0,0");
    const char *second = strchr(processors, ',');
    yields = second == NULL || atoi(processors) == atoi(second + 1);
    page = shared_memory(sizeof *page);
    operations_a_count(2);
    participants_start(2, NULL, part);
}

void turns_prepare(void) { start_turns(awake_part); }

void turns_asleep_prepare(void) { start_turns(asleep_part); }

double turns_run(uint64_t count) {
    page->word = 0;
    return together(count);
}

double turns_asleep_run(uint64_t count) { return turns_run(count); }

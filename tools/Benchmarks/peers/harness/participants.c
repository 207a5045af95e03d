#define _GNU_SOURCE
#include "private.h"
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_PARTICIPANTS 128

// In memory that all participants share. `round` and `through` are futexes.
static struct board {
    uint32_t round;
    uint32_t ready;
    uint32_t started;
    uint32_t through;
    uint32_t first_is_through;
    uint64_t count;
    int64_t start;
    int64_t ends[MOST_PARTICIPANTS];
    char failure[256];
    struct {
        _Alignas(64) uint64_t word;
    } words[MOST_PARTICIPANTS];
} *board;

static int participant_count = 1, own_index;
static pid_t children[MOST_PARTICIPANTS];
static void (*own_part)(int, uint64_t);
static cpu_set_t all_processors;

void *shared_memory(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) stop("no memory to share: %s", strerror(errno));
    return memory;
}

static void futex_wait(uint32_t *word, uint32_t seen) {
    struct timespec second = {.tv_sec = 1};
    syscall(SYS_futex, word, FUTEX_WAIT, seen, &second, NULL, 0);
}

static void futex_wake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0); }

// MARK: Pinning

void pin_participant(int participant) {
    const char *text = parameter_text("cpus", NULL);
    int processors[16], count = 0;
    if (CPU_COUNT(&all_processors) == 0) sched_getaffinity(0, sizeof all_processors, &all_processors);
    while (text != NULL && *text != 0 && count < 16) {
        char *end;
        processors[count++] = (int)strtol(text, &end, 10);
        text = *end == ',' ? end + 1 : end;
    }
    if (count == 0) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processors[participant % count], &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        skip("processor %d is not there", processors[participant % count]);
}

void unpin(void) {
    if (CPU_COUNT(&all_processors) != 0) sched_setaffinity(0, sizeof all_processors, &all_processors);
}

// MARK: Participants that are forked

static void take_part(uint32_t *round) {
    while (__atomic_load_n(&board->round, __ATOMIC_ACQUIRE) == *round) {
        if (getppid() == 1) _exit(0);
        futex_wait(&board->round, *round);
    }
    *round += 1;
    alarm(deadline());
    __atomic_fetch_add(&board->ready, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&board->started, __ATOMIC_ACQUIRE) != *round) sched_yield();
    own_part(own_index, board->count);
    board->ends[own_index] = nanoseconds();
    alarm(0);
    __atomic_fetch_add(&board->through, 1, __ATOMIC_RELEASE);
    futex_wake(&board->through);
}

static void live(int index, void (*enter)(int)) {
    struct sigaction plain = {.sa_handler = SIG_DFL};
    for (const int *signal = (const int[]){SIGTERM, SIGINT, SIGCHLD, SIGALRM, 0}; *signal != 0; signal++)
        sigaction(*signal, &plain, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    own_index = index;
    uint32_t round = 0;
    alarm(deadline());
    pin_participant(index);
    if (enter != NULL) enter(index);
    alarm(0);
    __atomic_fetch_add(&board->ready, 1, __ATOMIC_RELEASE);
    for (;;) take_part(&round);
}

// The deadline of the command bounds this wait, and the loss of a participant ends it.
static void await_ready(void) {
    while (__atomic_load_n(&board->ready, __ATOMIC_ACQUIRE) != (uint32_t)(participant_count - 1)) sched_yield();
}

void participants_start(int count, void (*enter)(int), void (*part)(int, uint64_t)) {
    if (count < 1 || count > MOST_PARTICIPANTS) skip("needs 1 to %d processes", MOST_PARTICIPANTS);
    if (board == NULL) board = shared_memory(sizeof *board);
    memset(board, 0, sizeof *board);
    own_part = part;
    participant_count = count;
    for (int index = 1; index < count; index++) {
        sigset_t child, before;
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        sigprocmask(SIG_BLOCK, &child, &before);
        pid_t pid = fork();
        if (pid > 0) children[index] = pid;
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (pid < 0) stop("no process more: %s", strerror(errno));
        if (pid == 0) live(index, enter);
    }
    if (enter != NULL) enter(0);
    await_ready();
}

double together(uint64_t count) {
    uint32_t others = (uint32_t)participant_count - 1;
    board->count = count;
    board->ready = board->through = board->first_is_through = 0;
    __atomic_fetch_add(&board->round, 1, __ATOMIC_RELEASE);
    futex_wake(&board->round);
    await_ready();
    board->start = nanoseconds();
    __atomic_store_n(&board->started, board->round, __ATOMIC_RELEASE);
    own_part(0, count);
    board->ends[0] = nanoseconds();
    __atomic_store_n(&board->first_is_through, 1, __ATOMIC_RELEASE);
    for (uint32_t seen; (seen = __atomic_load_n(&board->through, __ATOMIC_ACQUIRE)) != others;)
        futex_wait(&board->through, seen);
    double longest = 0;
    for (int index = 0; index < participant_count; index++)
        if (time_of(index) > longest) longest = time_of(index);
    return longest;
}

double time_of(int participant) { return (double)(board->ends[participant] - board->start); }

bool first_is_through(void) { return __atomic_load_n(&board->first_is_through, __ATOMIC_ACQUIRE) != 0; }

uint64_t *shared_word(int participant) { return &board->words[participant].word; }

// MARK: Their end

void participant_fails(const char *reason) {
    if (own_index == 0) return;
    snprintf(board->failure, sizeof board->failure, "participant %d: %s", own_index, reason);
    _exit(1);
}

const char *participant_lost(void) {
    int saved = errno;
    bool lost = false;
    for (int index = 1; index < participant_count; index++) {
        if (children[index] == 0 || waitpid(children[index], NULL, WNOHANG) != children[index]) continue;
        children[index] = 0;
        lost = true;
    }
    errno = saved;
    if (!lost) return NULL;
    return board->failure[0] != 0 ? board->failure : "a participant is gone";
}

void participants_end(void) {
    sigset_t child, before;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    for (int index = 1; index < participant_count; index++) {
        if (children[index] == 0) continue;
        kill(children[index], SIGKILL);
        waitpid(children[index], NULL, 0);
        children[index] = 0;
    }
    participant_count = 1;
    sigprocmask(SIG_SETMASK, &before, NULL);
}

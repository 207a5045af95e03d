#define _GNU_SOURCE
#include "CCellar.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int cellar_futex_wait(uint32_t *word, uint32_t expected, int64_t nanoseconds) {
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    return syscall(SYS_futex, word, FUTEX_WAIT, expected, &limit, NULL, 0) == 0 ? 0 : errno;
}

void cellar_futex_wake(uint32_t *word, int count) { syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0); }

int cellar_futex_wait_among(uint32_t *word, uint32_t expected, int64_t deadline_nanoseconds, uint32_t kinds) {
    struct timespec deadline = {.tv_sec = deadline_nanoseconds / 1000000000, .tv_nsec = deadline_nanoseconds % 1000000000};
    return syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, &deadline, NULL, kinds) == 0 ? 0 : errno;
}

void cellar_futex_wake_among(uint32_t *word, uint32_t kinds) {
    syscall(SYS_futex, word, FUTEX_WAKE_BITSET, INT32_MAX, NULL, NULL, kinds);
}

int cellar_futex_wait_any(const cellar_futex_waiter *waiters, unsigned count, int64_t deadline_nanoseconds) {
    // The number is the same on every kind of machine; the C library may be older than the call.
    enum { wait_any = 449 };
    struct timespec deadline = {.tv_sec = deadline_nanoseconds / 1000000000, .tv_nsec = deadline_nanoseconds % 1000000000};
    return syscall(wait_any, waiters, count, 0, &deadline, CLOCK_MONOTONIC) >= 0 ? 0 : errno;
}

int cellar_membarrier_register(void) {
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0 ? 0 : errno;
}

int cellar_membarrier(void) {
    return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0 ? 0 : errno;
}

int cellar_mutex_init(pthread_mutex_t *mutex) {
    pthread_mutexattr_t attributes;
    int result = pthread_mutexattr_init(&attributes);
    if (result != 0) return result;
    result = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (result == 0) result = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (result == 0) result = pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    if (result == 0 && mutex->__data.__kind != CELLAR_MUTEX_KIND) return ENOTSUP;
    return result;
}

bool cellar_mutex_is_sound(const pthread_mutex_t *mutex) {
    // The kind is written once, at initialisation, and a mutex of another kind would take other paths through the
    // C library (inheriting priorities, counting recursion). What a fresh one has is what ours must have.
    pthread_mutex_t fresh;
    memset(&fresh, 0, sizeof fresh);
    if (cellar_mutex_init(&fresh) != 0) return false;
    return mutex->__data.__kind == fresh.__data.__kind;
}

static int64_t monotonic_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint32_t cellar_mutex_await(pthread_mutex_t *mutex) {
    uint32_t *word = (uint32_t *)&mutex->__data.__lock;
    uint32_t seen = __atomic_load_n(word, __ATOMIC_RELAXED);
    if (seen == 0 || seen & FUTEX_OWNER_DIED) return 0;
    if (!(seen & FUTEX_WAITERS) && !__atomic_compare_exchange_n(word, &seen, seen | FUTEX_WAITERS, false, __ATOMIC_RELAXED,
                                                                __ATOMIC_RELAXED)) {
        return 0;
    }
    return seen | FUTEX_WAITERS;
}

int cellar_mutex_try(pthread_mutex_t *mutex, bool has_waited) {
    uint32_t *word = (uint32_t *)&mutex->__data.__lock;
    uint32_t seen = __atomic_load_n(word, __ATOMIC_RELAXED);
    // Touched only when it looks free: see `cellar_mutex_lock_until`.
    if (mutex->__data.__kind == CELLAR_MUTEX_KIND && seen != 0 && !(seen & FUTEX_OWNER_DIED)) return EBUSY;
    int result = cellar_mutex_trylock(mutex);
    // There may be more who wait: whoever waited passes that on. The word is ours now.
    if (has_waited && (result == 0 || result == EOWNERDEAD)) {
        __atomic_or_fetch(word, FUTEX_WAITERS, __ATOMIC_RELAXED);
    }
    return result;
}

int cellar_mutex_lock_until(pthread_mutex_t *mutex, int64_t deadline_nanoseconds) {
    // The C library's own wait leaves a hint at the mutex for the kernel, in case the waiter dies as it gets it. The
    // kernel then compares the holder's thread id with the dead one's, and those can be the same where each is in a PID
    // namespace of its own (the first process of each container is number 1): a living holder would lose the lock. So
    // the mutex is only touched when it looks free, and waited for by the rules of the kernel's robust futexes: holder's
    // id, waiters, owner died.
    static const int64_t slice = 20000000;
    bool has_waited = false;
    for (;;) {
        int result = cellar_mutex_try(mutex, has_waited);
        if (result != EBUSY) return result;
        int64_t left = deadline_nanoseconds - monotonic_now();
        if (left <= 0) return ETIMEDOUT;
        uint32_t expected = cellar_mutex_await(mutex);
        if (expected == 0) continue;
        has_waited = true;
        // In slices, since one who was woken may die before it takes the lock, and nobody else would be told.
        cellar_futex_wait((uint32_t *)&mutex->__data.__lock, expected, left < slice ? left : slice);
    }
}

uint64_t cellar_thread_token(void) {
    static uint64_t last;
    static __thread uint64_t own;
    if (own == 0) own = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
    return own;
}

pid_t cellar_thread_id(void) { return (pid_t)syscall(SYS_gettid); }

void cellar_thread_set_name(const char *name) { prctl(PR_SET_NAME, name); }

int cellar_file_lock(int file, int kind) {
    static const short types[] = {F_UNLCK, F_RDLCK, F_WRLCK};
    struct flock lock = {.l_type = types[kind], .l_whence = SEEK_SET};
    if (fcntl(file, F_OFD_SETLK, &lock) == 0) return 0;
    return errno == EACCES ? EAGAIN : errno;
}

int cellar_file_is_locked(int file) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(file, F_OFD_GETLK, &lock) != 0) return -1;
    return lock.l_type != F_UNLCK;
}

int cellar_file_lease(int file, bool takes) {
    // Whoever opens the file while it is leased makes the kernel send a signal: one that is ignored unless asked for.
    if (fcntl(file, F_SETSIG, SIGURG) != 0) return errno;
    return fcntl(file, F_SETLEASE, takes ? F_WRLCK : F_UNLCK) == 0 ? 0 : errno;
}

uint64_t cellar_fork_generation;

// Held shared by background threads at work; alone by a thread that forks. Not waited for without limit: what keeps a thread at
// work may wait for what the forking one holds.
static pthread_rwlock_t at_work = PTHREAD_RWLOCK_INITIALIZER;
static __thread int holds_work;

void cellar_begin_work(void) { pthread_rwlock_rdlock(&at_work); }
void cellar_end_work(void) { pthread_rwlock_unlock(&at_work); }

static void before_fork(void) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 2;
    holds_work = pthread_rwlock_timedwrlock(&at_work, &limit) == 0;
}

static void after_fork(void) {
    if (holds_work) pthread_rwlock_unlock(&at_work);
    holds_work = 0;
}

static void in_child(void) {
    // None of the threads that held it is here.
    static const pthread_rwlock_t fresh = PTHREAD_RWLOCK_INITIALIZER;
    at_work = fresh;
    holds_work = 0;
    __atomic_add_fetch(&cellar_fork_generation, 1, __ATOMIC_RELAXED);
}

int cellar_fork_watch(void) { return pthread_atfork(before_fork, after_fork, in_child); }

int cellar_file_lock_byte(int file, off_t byte) {
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(file, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

int cellar_file_lock_byte_alone(int file, off_t byte, bool takes) {
    struct flock lock = {.l_type = takes ? F_WRLCK : F_UNLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    if (fcntl(file, F_OFD_SETLK, &lock) == 0) return 0;
    return errno == EACCES ? EAGAIN : errno;
}

int cellar_file_is_locked_up_to(int file, off_t last) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = last + 1};
    if (fcntl(file, F_OFD_GETLK, &lock) != 0) return -1;
    return lock.l_type != F_UNLCK;
}

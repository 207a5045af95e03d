#define _GNU_SOURCE
#include "CCellar.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int cellar_futex_wait(uint32_t *word, uint32_t expected, int64_t nanoseconds) {
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    return syscall(SYS_futex, word, FUTEX_WAIT, expected, &limit, NULL, 0) == 0 ? 0 : errno;
}

void cellar_futex_wake(uint32_t *word, int count) { syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0); }

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

int cellar_mutex_lock_until(pthread_mutex_t *mutex, int64_t deadline_nanoseconds) {
    struct timespec deadline = {
        .tv_sec = deadline_nanoseconds / 1000000000, .tv_nsec = deadline_nanoseconds % 1000000000};
    return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &deadline);
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

uint64_t cellar_fork_generation;

static void count_fork(void) { __atomic_add_fetch(&cellar_fork_generation, 1, __ATOMIC_RELAXED); }

int cellar_fork_watch(void) { return pthread_atfork(NULL, NULL, count_fork); }

int cellar_file_lock_byte(int file, off_t byte) {
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(file, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

int cellar_file_is_locked_up_to(int file, off_t last) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = last + 1};
    if (fcntl(file, F_OFD_GETLK, &lock) != 0) return -1;
    return lock.l_type != F_UNLCK;
}

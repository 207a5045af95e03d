#define _GNU_SOURCE
#include "CInterposer.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
// A sanitizer stands there itself, in the test program too, which all of this is linked into: nothing is interposed.
#define pwrite unused_pwrite
#define writev unused_writev
#define write unused_write
#define fsync unused_fsync
#define fdatasync unused_fdatasync
#define open unused_open
#define link unused_link
#define unlink unused_unlink
#define mkdir unused_mkdir
#define ftruncate unused_ftruncate
#define fallocate unused_fallocate
#define posix_fallocate unused_posix_fallocate
#define shm_open unused_shm_open
#define mmap unused_mmap
#define pthread_create unused_pthread_create
#define malloc unused_malloc
#define calloc unused_calloc
#define realloc unused_realloc
#define clock_gettime unused_clock_gettime
#endif

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// What goes to the disk.

static char watched[PATH_MAX];
static int log_file = -1;
/// Keeps the records in the order of what they tell of.
static pthread_mutex_t log_order = PTHREAD_MUTEX_INITIALIZER;

void interposer_record_writes(const char *directory, const char *log) {
    snprintf(watched, sizeof watched, "%s", directory);
    log_file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static bool is_watched(const char *path) {
    size_t length = strlen(watched);
    return log_file >= 0 && strncmp(path, watched, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static bool is_watched_file(int file, char path[PATH_MAX]) {
    if (log_file < 0) return false;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    // A directory's sync is about the names in it, so the one above counts too.
    size_t above = (size_t)(strrchr(watched, '/') - watched);
    return is_watched(path) || (strlen(path) == above && strncmp(path, watched, above) == 0);
}

static void record(enum interposer_record_kind kind, bool synchronous, uint64_t file, int64_t offset, const char *path,
                   const struct iovec *parts, int count, size_t length) {
    struct interposer_record head = {kind, synchronous, file, offset, length, strlen(path)};
    struct iovec all[2] = {{&head, sizeof head}, {(void *)path, strlen(path)}};
    syscall(SYS_writev, log_file, all, 2);
    for (int index = 0; index < count && length > 0; index++) {
        size_t piece = parts[index].iov_len < length ? parts[index].iov_len : length;
        syscall(SYS_write, log_file, parts[index].iov_base, piece);
        length -= piece;
    }
}

void interposer_note(const char *text) {
    struct iovec part = {(void *)text, strlen(text)};
    pthread_mutex_lock(&log_order);
    record(INTERPOSER_NOTE, false, 0, 0, "", &part, 1, part.iov_len);
    pthread_mutex_unlock(&log_order);
}

static uint64_t number_of_file(int file) {
    struct stat status;
    return fstat(file, &status) == 0 ? status.st_ino : 0;
}

static void record_write(int file, int64_t offset, const struct iovec *parts, int count, ssize_t written) {
    char path[PATH_MAX];
    int number = errno;
    if (written > 0 && is_watched_file(file, path)) {
        bool synchronous = (fcntl(file, F_GETFL) & O_DSYNC) != 0;
        record(INTERPOSER_WRITE, synchronous, number_of_file(file), offset, path, parts, count, (size_t)written);
    }
    errno = number;
}

static void record_name(enum interposer_record_kind kind, const char *path) {
    if (!is_watched(path)) return;
    struct stat status = {0};
    int number = errno;
    if (kind == INTERPOSER_NAME) stat(path, &status);
    pthread_mutex_lock(&log_order);
    record(kind, false, status.st_ino, 0, path, NULL, 0, 0);
    pthread_mutex_unlock(&log_order);
    errno = number;
}

// What fails.

static int64_t failing_call;
static bool fails_forever;
static int64_t calls;
static const char *failed_call;
static uintptr_t database_begin, database_end;

static int find_database(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    if (strstr(info->dlpi_name, "liblmdb") == NULL) return 0;
    for (int index = 0; index < info->dlpi_phnum; index++) {
        if (info->dlpi_phdr[index].p_type != PT_LOAD || !(info->dlpi_phdr[index].p_flags & PF_X)) continue;
        database_begin = info->dlpi_addr + info->dlpi_phdr[index].p_vaddr;
        database_end = database_begin + info->dlpi_phdr[index].p_memsz;
    }
    return 1;
}

void interposer_fail(int64_t number, bool forever) {
    if (database_begin == 0) dl_iterate_phdr(find_database, NULL);
    __atomic_store_n(&failing_call, 0, __ATOMIC_SEQ_CST);
    fails_forever = forever;
    failed_call = NULL;
    __atomic_store_n(&calls, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&failing_call, number, __ATOMIC_SEQ_CST);
}

int64_t interposer_calls(void) { return __atomic_load_n(&calls, __ATOMIC_SEQ_CST); }
const char *interposer_failed(void) { return failed_call; }

/// Counts a call; true for one that is to fail.
static bool fails(const char *name) {
    int64_t failing = __atomic_load_n(&failing_call, __ATOMIC_SEQ_CST);
    if (failing == 0) return false;
    int64_t number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
    if (number != failing && !(fails_forever && number > failing)) return false;
    if (failed_call == NULL) failed_call = name;
    return true;
}

#define FAIL_WITH(name, number, result)                                                                                \
    if (fails(name)) {                                                                                                 \
        errno = number;                                                                                                \
        return result;                                                                                                 \
    }

/// Swift stops the program where there is no memory for its own objects; the database has to bear it.
#define FROM_DATABASE                                                                                                  \
    ((uintptr_t)__builtin_return_address(0) >= database_begin && (uintptr_t)__builtin_return_address(0) < database_end)

// The calls.

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    FAIL_WITH("pwrite", ENOSPC, -1)
    struct iovec part = {(void *)bytes, count};
    pthread_mutex_lock(&log_order);
    ssize_t written = syscall(SYS_pwrite64, file, bytes, count, offset);
    record_write(file, offset, &part, 1, written);
    pthread_mutex_unlock(&log_order);
    return written;
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    FAIL_WITH("writev", ENOSPC, -1)
    pthread_mutex_lock(&log_order);
    off_t offset = log_file >= 0 ? lseek(file, 0, SEEK_CUR) : 0;
    ssize_t written = syscall(SYS_writev, file, parts, count);
    record_write(file, offset, parts, count, written);
    pthread_mutex_unlock(&log_order);
    return written;
}

ssize_t write(int file, const void *bytes, size_t count) {
    struct iovec part = {(void *)bytes, count};
    if (log_file < 0) return syscall(SYS_write, file, bytes, count);
    pthread_mutex_lock(&log_order);
    off_t offset = lseek(file, 0, SEEK_CUR);
    ssize_t written = syscall(SYS_write, file, bytes, count);
    record_write(file, offset, &part, 1, written);
    pthread_mutex_unlock(&log_order);
    return written;
}

static int sync_file(int file, long call) {
    int result = (int)syscall(call, file);
    int number = errno;
    char path[PATH_MAX];
    if (result == 0 && is_watched_file(file, path)) {
        pthread_mutex_lock(&log_order);
        record(INTERPOSER_SYNC, false, number_of_file(file), 0, path, NULL, 0, 0);
        pthread_mutex_unlock(&log_order);
    }
    errno = number;
    return result;
}

int fsync(int file) {
    FAIL_WITH("fsync", EIO, -1)
    return sync_file(file, SYS_fsync);
}

int fdatasync(int file) {
    FAIL_WITH("fdatasync", EIO, -1)
    return sync_file(file, SYS_fdatasync);
}

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | __O_TMPFILE)) {
        va_list list;
        va_start(list, flags);
        mode = va_arg(list, mode_t);
        va_end(list);
    }
    FAIL_WITH("open", EMFILE, -1)
    bool makes = flags & O_CREAT && log_file >= 0 && access(path, F_OK) != 0;
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (file >= 0 && makes) record_name(INTERPOSER_NAME, path);
    return file;
}

int link(const char *from, const char *to) {
    FAIL_WITH("link", ENOSPC, -1)
    int result = (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (result == 0) record_name(INTERPOSER_NAME, to);
    return result;
}

int unlink(const char *path) {
    int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (result == 0) record_name(INTERPOSER_UNNAME, path);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    FAIL_WITH("mkdir", ENOSPC, -1)
    int result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (result == 0) record_name(INTERPOSER_NAME, path);
    return result;
}

int ftruncate(int file, off_t size) {
    FAIL_WITH("ftruncate", ENOSPC, -1)
    return (int)syscall(SYS_ftruncate, file, size);
}

int fallocate(int file, int mode, off_t offset, off_t count) {
    FAIL_WITH("fallocate", ENOSPC, -1)
    return (int)syscall(SYS_fallocate, file, mode, offset, count);
}

int posix_fallocate(int file, off_t offset, off_t count) {
    if (fails("posix_fallocate")) return ENOSPC;
    return NEXT(posix_fallocate)(file, offset, count);
}

int shm_open(const char *name, int flags, mode_t mode) {
    FAIL_WITH("shm_open", EMFILE, -1)
    return NEXT(shm_open)(name, flags, mode);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    FAIL_WITH("mmap", ENOMEM, MAP_FAILED)
    return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    if (fails("pthread_create")) return EAGAIN;
    return NEXT(pthread_create)(thread, attributes, body, argument);
}

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *malloc(size_t size) {
    if (FROM_DATABASE) FAIL_WITH("malloc", ENOMEM, NULL)
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    if (FROM_DATABASE) FAIL_WITH("calloc", ENOMEM, NULL)
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    if (FROM_DATABASE) FAIL_WITH("realloc", ENOMEM, NULL)
    return __libc_realloc(old, size);
}

static bool shakes;
static int64_t shaken;

void interposer_shake_clock(void) { shakes = true; }
int64_t interposer_shaken(void) { return __atomic_load_n(&shaken, __ATOMIC_RELAXED); }

int clock_gettime(clockid_t clock, struct timespec *time) {
    static __typeof__(&clock_gettime) next;
    if (next == NULL) next = NEXT(clock_gettime);
    int result = next(clock, time);
    if (shakes && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        // Ten years there, ten years back.
        time->tv_sec += __atomic_add_fetch(&shaken, 1, __ATOMIC_RELAXED) % 2 ? 315000000 : -315000000;
    }
    return result;
}

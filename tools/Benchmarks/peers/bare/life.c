#define _GNU_SOURCE
#include "bare.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_BYTES 4096

// MARK: Opening: a page is mapped and its first word read

static char page_path[512];
static bool page_is_shared;

static int open_page(int flags) {
    int file = page_is_shared ? shm_open(page_path, flags, 0600) : open(page_path, flags | O_CLOEXEC, 0600);
    if (file < 0) stop("cannot open %s: %s", page_path, strerror(errno));
    return file;
}

static void make_page(const char *path, bool shared) {
    uint64_t words[PAGE_BYTES / 8] = {1};
    strncpy(page_path, path, sizeof page_path - 1);
    page_is_shared = shared;
    int file = open_page(O_CREAT | O_RDWR);
    if (write(file, words, sizeof words) != sizeof words) stop("cannot write %s: %s", page_path, strerror(errno));
    close(file);
}

void open_warm_prepare(void) { make_page(own_name("page"), true); }

void open_cold_prepare(void) { make_page(own_path("page"), false); }

double open_warm_run(uint64_t count) {
    int64_t elapsed = 0;
    for (uint64_t done = 0; done < count; done++) {
        int64_t start = nanoseconds();
        int file = open_page(O_RDWR);
        uint64_t *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (page == MAP_FAILED) stop("cannot map: %s", strerror(errno));
        kept_sum += __atomic_load_n(page, __ATOMIC_ACQUIRE);
        elapsed += nanoseconds() - start;
        munmap(page, PAGE_BYTES);
        close(file);
    }
    return (double)elapsed;
}

double open_cold_run(uint64_t count) { return open_warm_run(count); }

void open_finish(void) {
    if (page_path[0] != 0) page_is_shared ? shm_unlink(page_path) : unlink(page_path);
    page_path[0] = 0;
}

// MARK: Recovery: the next to lock after the owner was killed

#define KILLS 20

static struct held {
    pthread_mutex_t mutex;
    uint32_t is_held;
} *held;
static pid_t holder;

static void hold(pid_t parent) {
    for (const int *number = (const int[]){SIGTERM, SIGINT, SIGCHLD, SIGALRM, 0}; *number != 0; number++) signal(*number, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    pin_participant(1);
    pthread_mutex_lock(&held->mutex);
    __atomic_store_n(&held->is_held, 1, __ATOMIC_RELEASE);
    for (;;) pause();
}

static int64_t kill_holder(void) {
    held->is_held = 0;
    pid_t parent = getpid();
    holder = fork();
    if (holder < 0) stop("no process more: %s", strerror(errno));
    if (holder == 0) hold(parent);
    while (__atomic_load_n(&held->is_held, __ATOMIC_ACQUIRE) == 0) sched_yield();
    usleep(1000);
    int64_t start = nanoseconds();
    kill(holder, SIGKILL);
    int code = pthread_mutex_lock(&held->mutex);
    int64_t elapsed = nanoseconds() - start;
    if (code != EOWNERDEAD) stop("the lock does not tell that its owner died: %s", strerror(code));
    pthread_mutex_consistent(&held->mutex);
    pthread_mutex_unlock(&held->mutex);
    waitpid(holder, NULL, 0);
    holder = 0;
    return elapsed;
}

void recovery_prepare(void) {
    held = shared_memory(sizeof *held);
    make_mutex(&held->mutex);
}

double recovery_run(uint64_t count) {
    (void)count;
    int64_t samples[KILLS];
    for (int done = 0; done < KILLS; done++) samples[done] = kill_holder();
    return median(samples, KILLS);
}

void recovery_finish(void) {
    if (holder > 0) kill(holder, SIGKILL), waitpid(holder, NULL, 0);
    if (held != NULL) munmap(held, sizeof *held);
    holder = 0, held = NULL;
}

// MARK: Checkpoint: bytes are written to a file and brought to the disk

#define PIECE_BYTES ((size_t)1 << 20)

static int file = -1;
static unsigned char *piece;

void checkpoint_prepare(void) {
    file = open(own_path("checkpoint"), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) stop("cannot make a file: %s", strerror(errno));
    piece = malloc(PIECE_BYTES);
    if (piece == NULL) stop("no memory");
}

static void write_all(size_t bytes, unsigned char mark) {
    memset(piece, mark | 1, PIECE_BYTES);
    for (size_t offset = 0; offset < bytes;) {
        size_t rest = bytes - offset;
        ssize_t written = pwrite(file, piece, rest < PIECE_BYTES ? rest : PIECE_BYTES, (off_t)offset);
        if (written <= 0) stop("cannot write: %s", strerror(errno));
        offset += (size_t)written;
    }
    if (fsync(file) != 0) stop("cannot sync: %s", strerror(errno));
}

double checkpoint_run(uint64_t count) {
    size_t bytes = (size_t)parameter("bytes", 1 << 26);
    int64_t start = nanoseconds();
    for (uint64_t done = 0; done < count; done++) write_all(bytes, (unsigned char)done);
    return (double)(nanoseconds() - start);
}

void checkpoint_finish(void) {
    if (file >= 0) close(file), unlink(own_path("checkpoint"));
    free(piece);
    file = -1, piece = NULL;
}

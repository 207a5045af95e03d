// What every program of the comparison shares: it reads commands (`prepare`, `run`, `finish`) from standard input, finds how
// often to repeat a work, forks and pins its participants, and cleans up whatever happens.
#ifndef CELLAR_COMPARE_HARNESS_H
#define CELLAR_COMPARE_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

// One operation an iteration: unrolled or vectorised, a loop would measure itself and not the operation.
#if defined(__clang__)
#define ONE_BY_ONE _Pragma("clang loop unroll(disable) vectorize(disable)")
#else
#define ONE_BY_ONE _Pragma("GCC unroll 1")
#endif

// MARK: Works (harness/commands.c)

struct work {
    const char *name;
    void (*prepare)(void);
    // The nanoseconds that `count` operations took; with `own_figure`, the figure itself (count is 0 then).
    double (*run)(uint64_t count);
    // Removes all of it, also after a `prepare` that did not come to its end.
    void (*finish)(void);
    bool own_figure;
};

int harness_main(int argc, char **argv, const struct work *works, size_t count);

// An option of the program (`--directory DIR`), or NULL.
const char *option(const char *name);
// A parameter of the prepared work (`entries=1000`).
long parameter(const char *name, long otherwise);
const char *parameter_text(const char *name, const char *otherwise);
// One count of `run` is so many operations (1 unless said); told in `prepare`.
void operations_a_count(double operations);

// End the command: the work cannot be done here, or something went wrong.
void skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void stop(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

// "cellar-compare-PID-WHAT", and the same in the directory that was given; kept by the harness until the next call but seven.
const char *own_name(const char *what);
const char *own_path(const char *what);
void remove_tree(const char *path);

static inline int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
double median(int64_t *samples, size_t count);

// What was read is added here, so that no reading can be left out.
extern uint64_t kept_sum;

// MARK: Participants (harness/participants.c)

// The calling process is participant 0, the others are forked from it here. Each is pinned, calls `enter` once, and for each
// `together` its `part`. They end with the work.
void participants_start(int count, void (*enter)(int participant), void (*part)(int participant, uint64_t count));
// All of them do their part from one start; the nanoseconds until the last was through.
double together(uint64_t count);
// The nanoseconds that one participant took of the last `together`.
double time_of(int participant);
// Whether participant 0 is through with its part: the end for those that go on until then.
bool first_is_through(void);
// A place in shared memory for each participant, zeroed when the participants start.
uint64_t *shared_word(int participant);
// Memory that is shared with what is forked later.
void *shared_memory(size_t bytes);
void pin_participant(int participant);

// MARK: Keys, values and orders (harness/orders.c)

#define ACCESSES 50000
#define KEY_BYTES 16
#define MOST_VALUE_BYTES 65536

enum kind { READ, UPDATE, INSERT, SCAN, MODIFY };

struct access {
    uint64_t number;
    char key[KEY_BYTES + 1];
    unsigned char kind;
};

void make_key(char key[KEY_BYTES + 1], uint64_t number);
uint64_t next_random(uint64_t *state);
// ACCESSES of entries in random order.
struct access *random_accesses(uint64_t entries);
// ACCESSES in the shape of YCSB's workloads A to F. In D, the number of a read is the distance from the latest entry.
struct access *ycsb_accesses(char shape, uint64_t entries, uint64_t seed);
// Done once before participants ask for `ycsb_accesses`: it takes a moment with many entries.
void prepare_zipfian(uint64_t entries);

// The size of values (parameter `bytes`), and a value: the number in its first word.
size_t value_bytes(void);
const void *value_of(uint64_t number);
extern unsigned char taken_value[MOST_VALUE_BYTES];

static inline void take_value(const void *data, size_t bytes) {
    uint64_t first;
    memcpy(taken_value, data, bytes);
    memcpy(&first, taken_value, sizeof first);
    kept_sum += first;
}

// MARK: Works on entries (harness/maps.c): a peer tells how it reads and writes one, the works are the same for all.

struct store {
    void (*load)(uint64_t entries);
    void (*enter)(int participant);
    void (*read)(const char *key);
    void (*write)(const char *key, uint64_t number);
    void (*scan)(const char *key, int entries);          // NULL: not ordered
    void (*modify)(const char *key, uint64_t number);    // reads and writes
    void (*flush)(void);                                 // NULL: nothing is held back
    void (*remove)(uint64_t entries);
};

// A peer calls it when it does not find what it reads.
void entry_missing(void);
void use_store(const struct store *store);
void map_get_prepare(void);
void map_set_prepare(void);
void map_mixed_prepare(void);
double map_run(uint64_t count);
void map_finish(void);

// MARK: Works on queues (harness/queues.c)

struct queue {
    void (*make)(int queues, size_t bytes, size_t capacity);
    void (*enter)(int participant);
    void (*put)(int queue, const void *item, size_t bytes);
    void (*get)(int queue, void *item, size_t bytes);
    // NULL: no such call. `items` lie one after the other; `get_batch` answers how many there were.
    void (*put_batch)(int queue, const void *items, size_t bytes, size_t count);
    size_t (*get_batch)(int queue, void *items, size_t bytes, size_t count);
    void (*remove)(void);
};

void use_queue(const struct queue *queue);
void queue_alone_prepare(void);
void queue_prepare(void);
void queue_batch_prepare(void);
void queue_turns_prepare(void);
double queue_alone_run(uint64_t count);
double queue_run(uint64_t count);
double queue_turns_run(uint64_t count);
void queue_finish(void);

#ifdef __cplusplus
}
#endif

#endif

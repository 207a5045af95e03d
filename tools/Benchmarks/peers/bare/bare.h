// The limit of the hardware: each work with nothing around it. What is shared is an anonymous mapping.
#ifndef CELLAR_COMPARE_BARE_H
#define CELLAR_COMPARE_BARE_H

#include "../harness.h"
#include <pthread.h>

// A robust mutex between processes, as one that survives the death of its owner must be.
void make_mutex(pthread_mutex_t *mutex);

#define DECLARE(work) \
    void work##_prepare(void); \
    double work##_run(uint64_t count);

// values.c
void word_prepare(void);
double word_load_run(uint64_t count);
double word_store_run(uint64_t count);
double word_add_run(uint64_t count);
DECLARE(block_load)
DECLARE(block_store)
DECLARE(block_load_written)
DECLARE(lock)
DECLARE(lock_fought)
DECLARE(lookup)
void values_finish(void);

// arrays.c
DECLARE(element_get)
DECLARE(element_set)
DECLARE(slice_copy)
DECLARE(scan)
DECLARE(bulk_in)
void arrays_finish(void);

// waking.c
DECLARE(wake)
DECLARE(turns)
DECLARE(turns_asleep)
void waking_finish(void);

// entries.c
extern const struct store entries_store;

// queues.c
extern const struct queue ring_queue;

// life.c
DECLARE(open_warm)
DECLARE(open_cold)
void open_finish(void);
DECLARE(recovery)
void recovery_finish(void);
DECLARE(checkpoint)
void checkpoint_finish(void);

#endif

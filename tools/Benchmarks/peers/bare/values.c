#include "bare.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LATCH_WORDS 8

static struct page {
    _Alignas(64) pthread_mutex_t mutex;
    _Alignas(64) uint64_t word;
    // Two copies of a block and the number of steps their writer took (see `latch_write`).
    _Alignas(64) uint64_t steps;
    uint64_t copies[2][LATCH_WORDS];
    _Alignas(64) unsigned char block[MOST_VALUE_BYTES];
} *page;
static size_t bytes;

void make_mutex(pthread_mutex_t *mutex) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

static void make_page(void) {
    page = shared_memory(sizeof *page);
    make_mutex(&page->mutex);
    memset(page->block, 0x5A, sizeof page->block);
}

// MARK: A word

void word_prepare(void) { make_page(); }

double word_load_run(uint64_t count) {
    int64_t start = nanoseconds();
    uint64_t sum = 0;
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) sum += __atomic_load_n(&page->word, __ATOMIC_ACQUIRE);
    kept_sum += sum;
    return (double)(nanoseconds() - start);
}

double word_store_run(uint64_t count) {
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) __atomic_store_n(&page->word, done, __ATOMIC_RELEASE);
    return (double)(nanoseconds() - start);
}

double word_add_run(uint64_t count) {
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) __atomic_fetch_add(&page->word, 1, __ATOMIC_ACQ_REL);
    return (double)(nanoseconds() - start);
}

// MARK: A block

void block_load_prepare(void) {
    bytes = value_bytes();
    if (bytes % 8 != 0) skip("blocks of whole words only");
    make_page();
}

void block_store_prepare(void) { block_load_prepare(); }

static inline uint64_t load_words(const uint64_t *words, size_t count) {
    uint64_t sum = 0;
    for (size_t word = 0; word < count; word++) {
        uint64_t value = __atomic_load_n(words + word, __ATOMIC_RELAXED);
        memcpy(taken_value + word * 8, &value, sizeof value);
        sum += value;
    }
    return sum;
}

double block_load_run(uint64_t count) {
    const uint64_t *words = (const uint64_t *)page->block;
    uint64_t sum = 0;
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        if (bytes == 64) sum += load_words(words, 8);
        else if (bytes < 1024) sum += load_words(words, bytes / 8);
        else take_value(words, bytes);
    }
    kept_sum += sum;
    return (double)(nanoseconds() - start);
}

double block_store_run(uint64_t count) {
    static unsigned char source[MOST_VALUE_BYTES];
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        memcpy(source, &done, sizeof done);
        pthread_mutex_lock(&page->mutex);
        if (bytes == 64) memcpy(page->block, source, 64);
        else memcpy(page->block, source, bytes);
        pthread_mutex_unlock(&page->mutex);
    }
    return (double)(nanoseconds() - start);
}

// MARK: A block that another process writes: while the writer is in one copy, readers take the other

static void latch_write_copy(int copy, uint64_t value) {
    __atomic_store_n(&page->steps, page->steps + 1, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (int word = 0; word < LATCH_WORDS; word++) __atomic_store_n(&page->copies[copy][word], value, __ATOMIC_RELAXED);
}

static uint64_t latch_read(void) {
    for (;;) {
        uint64_t steps = __atomic_load_n(&page->steps, __ATOMIC_ACQUIRE);
        uint64_t sum = load_words(page->copies[steps & 1], LATCH_WORDS);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(&page->steps, __ATOMIC_RELAXED) == steps) return sum;
    }
}

static void written_part(int participant, uint64_t count) {
    if (participant == 0) {
        ONE_BY_ONE
        for (uint64_t done = 0; done < count; done++) {
            uint64_t sum = latch_read();
            if (sum != LATCH_WORDS * *(uint64_t *)taken_value) stop("a torn block");
            kept_sum += sum;
        }
        return;
    }
    for (uint64_t value = 0; !first_is_through(); value++) {
        latch_write_copy(0, value);
        latch_write_copy(1, value);
    }
}

void block_load_written_prepare(void) {
    if (value_bytes() != LATCH_WORDS * 8) skip("a block of 64 bytes only");
    make_page();
    participants_start(2, NULL, written_part);
}

double block_load_written_run(uint64_t count) {
    together(count);
    return time_of(0);
}

// MARK: The lock

void lock_prepare(void) { make_page(); }

double lock_run(uint64_t count) {
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        pthread_mutex_lock(&page->mutex);
        pthread_mutex_unlock(&page->mutex);
    }
    return (double)(nanoseconds() - start);
}

static void fought_part(int participant, uint64_t count) {
    (void)participant;
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        pthread_mutex_lock(&page->mutex);
        page->word += 1;
        pthread_mutex_unlock(&page->mutex);
    }
}

void lock_fought_prepare(void) {
    make_page();
    operations_a_count((double)parameter("processes", 2));
    participants_start((int)parameter("processes", 2), NULL, fought_part);
}

double lock_fought_run(uint64_t count) {
    page->word = 0;
    double elapsed = together(count);
    if (page->word != count * (uint64_t)parameter("processes", 2)) stop("the sum is wrong");
    return elapsed;
}

// MARK: A lookup: two reads, of a slot and of the block that it leads to, each waiting for the one before

#define BLOCK_BYTES 144

static unsigned char *table;
static size_t table_bytes;
static struct access *accesses;

void lookup_prepare(void) {
    uint64_t entries = (uint64_t)parameter("entries", 1000), random = 88172645463325252u;
    accesses = random_accesses(entries);
    table_bytes = entries * (sizeof(uint64_t) + BLOCK_BYTES);
    table = shared_memory(table_bytes);
    uint64_t *slots = (uint64_t *)table;
    for (uint64_t slot = 0; slot < entries; slot++) slots[slot] = entries * sizeof(uint64_t) + slot * BLOCK_BYTES;
    for (uint64_t slot = entries - 1; slot > 0; slot--) {
        uint64_t other = next_random(&random) % (slot + 1), kept = slots[slot];
        slots[slot] = slots[other], slots[other] = kept;
    }
    for (uint64_t slot = 0; slot < entries; slot++) *(uint64_t *)(table + slots[slot]) = slot;
}

double lookup_run(uint64_t count) {
    const uint64_t *slots = (const uint64_t *)table;
    uint64_t sum = 0, seen = 0;
    size_t position = 0;
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        // No number has that bit: but the processor has to wait for the read before to know.
        uint64_t number = accesses[position].number ^ seen >> 63;
        uint64_t offset = __atomic_load_n(slots + number, __ATOMIC_ACQUIRE);
        seen = __atomic_load_n((const uint64_t *)(table + offset), __ATOMIC_ACQUIRE);
        sum += seen;
        position = position + 1 == ACCESSES ? 0 : position + 1;
    }
    kept_sum += sum;
    return (double)(nanoseconds() - start);
}

void values_finish(void) {
    if (page != NULL) munmap(page, sizeof *page);
    if (table != NULL) munmap(table, table_bytes);
    free(accesses);
    page = NULL, table = NULL, accesses = NULL;
}

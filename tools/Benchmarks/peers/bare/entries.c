#include "bare.h"
#include <sys/mman.h>

// Entries that need not be looked for: their numbers are their places. Readers take no lock, as it is least for them: they
// look whether the number of steps of the entry's writers stayed the same.
#define WORDS 8

static struct entry {
    uint64_t steps;
    uint64_t words[WORDS];
} *table;
static size_t table_bytes;

static void load(uint64_t entries) {
    char shape = *parameter_text("shape", "B");
    if (shape == 'D' || shape == 'E' || value_bytes() != WORDS * 8) skip("entries of 64 bytes that are there only");
    table_bytes = entries * sizeof *table;
    table = shared_memory(table_bytes);
    for (uint64_t number = 0; number < entries; number++) memcpy(table[number].words, value_of(number), WORDS * 8);
}

static struct entry *entry_of(const char *key) {
    uint64_t number = 0;
    for (int digit = 0; digit < KEY_BYTES; digit++)
        if (key[digit] >= '0' && key[digit] <= '9') number = number * 10 + (uint64_t)(key[digit] - '0');
    return &table[number];
}

static void read_entry(const char *key) {
    struct entry *entry = entry_of(key);
    uint64_t copy[WORDS], steps;
    do {
        while ((steps = __atomic_load_n(&entry->steps, __ATOMIC_ACQUIRE)) & 1) {}
        for (int word = 0; word < WORDS; word++) copy[word] = __atomic_load_n(&entry->words[word], __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (__atomic_load_n(&entry->steps, __ATOMIC_RELAXED) != steps);
    take_value(copy, sizeof copy);
}

static void write_entry(const char *key, uint64_t number) {
    struct entry *entry = entry_of(key);
    uint64_t value[WORDS], steps;
    memcpy(value, value_of(number), sizeof value);
    do {
        steps = __atomic_load_n(&entry->steps, __ATOMIC_RELAXED) & ~(uint64_t)1;
    } while (!__atomic_compare_exchange_n(&entry->steps, &steps, steps + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (int word = 0; word < WORDS; word++) __atomic_store_n(&entry->words[word], value[word], __ATOMIC_RELAXED);
    __atomic_store_n(&entry->steps, steps + 2, __ATOMIC_RELEASE);
}

static void modify_entry(const char *key, uint64_t number) {
    read_entry(key);
    write_entry(key, number);
}

static void remove_table(uint64_t entries) {
    (void)entries;
    if (table != NULL) munmap(table, table_bytes);
    table = NULL;
}

const struct store entries_store = {.load = load, .read = read_entry, .write = write_entry, .modify = modify_entry, .remove = remove_table};

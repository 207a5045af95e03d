#include "../harness.h"
#include <stdlib.h>

static const struct store *store;
static struct access *accesses;
static size_t position;
static uint64_t entries;
// The number of the entry that is inserted next, for all participants.
static uint64_t *next_entry;
static char shape;

void use_store(const struct store *used) { store = used; }

static struct access *next_access(void) {
    struct access *access = &accesses[position];
    position = position + 1 == ACCESSES ? 0 : position + 1;
    return access;
}

static void load(void) {
    entries = (uint64_t)parameter("entries", 1000000);
    accesses = NULL;
    position = 0;
    shape = 0;
    if (next_entry == NULL) next_entry = shared_memory(4096);
    *next_entry = entries;
    store->load(entries);
}

static void get_part(int participant, uint64_t count) {
    (void)participant;
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) store->read(next_access()->key);
    if (store->flush != NULL) store->flush();
}

static void set_part(int participant, uint64_t count) {
    (void)participant;
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        const struct access *access = next_access();
        store->write(access->key, access->number);
    }
    if (store->flush != NULL) store->flush();
}

static void enter_random(int participant) {
    accesses = random_accesses(entries);
    position = (size_t)participant * 7919 % ACCESSES;
    if (store->enter != NULL) store->enter(participant);
}

static void start(void (*enter)(int), void (*part)(int, uint64_t)) {
    int processes = (int)parameter("processes", 1);
    operations_a_count(processes);
    participants_start(processes, enter, part);
}

void map_get_prepare(void) {
    load();
    start(enter_random, get_part);
}

void map_set_prepare(void) {
    load();
    start(enter_random, set_part);
}

// In D a read may come upon a number that another participant is just inserting.
void entry_missing(void) {
    if (shape != 'D') stop("an entry is missing");
}

// MARK: Mixed

static void read_latest(struct access *access) {
    char key[KEY_BYTES + 1];
    uint64_t latest = __atomic_load_n(next_entry + 8, __ATOMIC_ACQUIRE);
    make_key(key, access->number < latest ? latest - access->number : 0);
    store->read(key);
}

static void insert(void) {
    char key[KEY_BYTES + 1];
    uint64_t number = __atomic_fetch_add(next_entry, 1, __ATOMIC_ACQ_REL);
    make_key(key, number);
    store->write(key, number);
    __atomic_store_n(next_entry + 8, number, __ATOMIC_RELEASE);
}

static void mixed_part(int participant, uint64_t count) {
    (void)participant;
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        struct access *access = next_access();
        switch ((enum kind)access->kind) {
        case READ: shape == 'D' ? read_latest(access) : store->read(access->key); break;
        case UPDATE: store->write(access->key, access->number); break;
        case INSERT: insert(); break;
        case SCAN: store->scan(access->key, 50); break;
        case MODIFY: store->modify(access->key, access->number); break;
        }
    }
    if (store->flush != NULL) store->flush();
}

static void enter_mixed(int participant) {
    accesses = ycsb_accesses(shape, entries, (uint64_t)participant);
    if (store->enter != NULL) store->enter(participant);
}

void map_mixed_prepare(void) {
    char wanted = *parameter_text("shape", "B");
    if (wanted == 'E' && store->scan == NULL) skip("entries have no order");
    if (parameter("pipeline", 1) > 1) skip("mixed works are not pipelined");
    load();
    shape = wanted;
    next_entry[8] = entries - 1;
    prepare_zipfian(entries);
    start(enter_mixed, mixed_part);
}

double map_run(uint64_t count) { return together(count); }

void map_finish(void) {
    free(accesses);
    accesses = NULL;
    uint64_t entered = next_entry == NULL ? 0 : *next_entry;
    if (next_entry != NULL) *next_entry = 0;
    store->remove(entered);
}

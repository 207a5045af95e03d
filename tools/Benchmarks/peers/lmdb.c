// LMDB: read transactions are renewed and reset rather than begun anew; a write is a transaction of its own, without waiting for
// the disk except where the work is about that.
#include "harness.h"
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define MAP_BYTES ((size_t)64 << 30)

static MDB_env *environment;
static MDB_dbi table;
static MDB_txn *reader;
static MDB_cursor *cursor;
static char path[512];

static void check(int code, const char *what) {
    if (code != 0) stop("%s: %s", what, mdb_strerror(code));
}

// MARK: Opening and closing

static void open_environment(unsigned flags) {
    check(mdb_env_create(&environment), "mdb_env_create");
    check(mdb_env_set_mapsize(environment, MAP_BYTES), "mdb_env_set_mapsize");
    check(mdb_env_open(environment, path, MDB_NOTLS | flags, 0600), "mdb_env_open");
    check(mdb_txn_begin(environment, NULL, MDB_RDONLY, &reader), "mdb_txn_begin");
    check(mdb_dbi_open(reader, NULL, 0, &table), "mdb_dbi_open");
}

static void open_for_use(int participant) {
    (void)participant;
    open_environment(parameter("synced", 0) ? 0 : MDB_NOSYNC);
    check(mdb_cursor_open(reader, table, &cursor), "mdb_cursor_open");
    mdb_txn_reset(reader);
}

static void open_synced(int participant) {
    (void)participant;
    open_environment(0);
    mdb_txn_reset(reader);
}

static void close_environment(void) {
    if (cursor != NULL) mdb_cursor_close(cursor);
    if (reader != NULL) mdb_txn_abort(reader);
    if (environment != NULL) mdb_env_close(environment);
    cursor = NULL, reader = NULL, environment = NULL;
}

static void make_directory(void) {
    snprintf(path, sizeof path, "%s", own_path("lmdb"));
    if (mkdir(path, 0700) != 0) stop("cannot make %s", path);
}

static void remove_all(uint64_t entries) {
    (void)entries;
    close_environment();
    if (path[0] != 0) remove_tree(path);
    path[0] = 0;
}

static void finish(void) { remove_all(0); }

// MARK: One entry

static void put(MDB_txn *transaction, const char *key, uint64_t number, unsigned flags) {
    MDB_val name = {KEY_BYTES, (void *)key}, value = {value_bytes(), (void *)value_of(number)};
    check(mdb_put(transaction, table, &name, &value, flags), "mdb_put");
}

static MDB_txn *begin(void) {
    MDB_txn *transaction;
    check(mdb_txn_begin(environment, NULL, 0, &transaction), "mdb_txn_begin");
    return transaction;
}

static void take(MDB_txn *transaction, const char *key) {
    MDB_val name = {KEY_BYTES, (void *)key}, value;
    if (mdb_get(transaction, table, &name, &value) == 0) take_value(value.mv_data, value.mv_size);
    else entry_missing();
}

static void read_entry(const char *key) {
    check(mdb_txn_renew(reader), "mdb_txn_renew");
    take(reader, key);
    mdb_txn_reset(reader);
}

static void write_entry(const char *key, uint64_t number) {
    MDB_txn *transaction = begin();
    put(transaction, key, number, 0);
    check(mdb_txn_commit(transaction), "mdb_txn_commit");
}

static void modify_entry(const char *key, uint64_t number) {
    MDB_txn *transaction = begin();
    take(transaction, key);
    put(transaction, key, number, 0);
    check(mdb_txn_commit(transaction), "mdb_txn_commit");
}

static uint64_t scan_from(MDB_val name, MDB_cursor_op first, uint64_t most) {
    MDB_val value;
    uint64_t count = 0;
    check(mdb_txn_renew(reader), "mdb_txn_renew");
    check(mdb_cursor_renew(reader, cursor), "mdb_cursor_renew");
    int code = mdb_cursor_get(cursor, &name, &value, first);
    for (; code == 0 && count < most; count++) {
        kept_sum += ((unsigned char *)name.mv_data)[KEY_BYTES - 1];
        take_value(value.mv_data, value.mv_size);
        code = mdb_cursor_get(cursor, &name, &value, MDB_NEXT);
    }
    mdb_txn_reset(reader);
    return count;
}

static void scan_entries(const char *key, int entries) {
    scan_from((MDB_val){KEY_BYTES, (void *)key}, MDB_SET_RANGE, (uint64_t)entries);
}

// MARK: Many entries

// In order and in one transaction: `MDB_APPEND` is LMDB's own way for that.
static void put_all(uint64_t entries, unsigned flags) {
    char key[KEY_BYTES + 1];
    MDB_txn *transaction = begin();
    for (uint64_t number = 0; number < entries; number++) {
        make_key(key, number);
        put(transaction, key, number, flags);
    }
    check(mdb_txn_commit(transaction), "mdb_txn_commit");
}

static void load(uint64_t entries) {
    make_directory();
    open_for_use(0);
    put_all(entries, MDB_APPEND);
    close_environment();
}

static const struct store store = {load, open_for_use, read_entry, write_entry, scan_entries, modify_entry, NULL, remove_all};

static uint64_t entry_count(void) { return (uint64_t)parameter("entries", 1000000); }

static void table_scan_prepare(void) {
    load(entry_count());
    open_for_use(0);
    operations_a_count((double)entry_count());
}

static double table_scan_run(uint64_t count) {
    int64_t start = nanoseconds();
    for (uint64_t done = 0; done < count; done++)
        if (scan_from((MDB_val){0, NULL}, MDB_FIRST, UINT64_MAX) != entry_count()) stop("entries are missing");
    return (double)(nanoseconds() - start);
}

static void table_load_prepare(void) {
    make_directory();
    open_for_use(0);
    operations_a_count((double)entry_count());
}

static double table_load_run(uint64_t count) {
    double elapsed = 0;
    for (uint64_t done = 0; done < count; done++) {
        int64_t start = nanoseconds();
        put_all(entry_count(), parameter("append", 0) != 0 ? MDB_APPEND : 0);
        elapsed += (double)(nanoseconds() - start);
        MDB_txn *transaction = begin();
        check(mdb_drop(transaction, table, 0), "mdb_drop");
        check(mdb_txn_commit(transaction), "mdb_txn_commit");
    }
    return elapsed;
}

// MARK: On disk

static void durable_part(int participant, uint64_t count) {
    char key[KEY_BYTES + 1];
    make_key(key, (uint64_t)participant);
    for (uint64_t done = 0; done < count; done++) write_entry(key, done);
}

static void durable_prepare(void) {
    int writers = (int)parameter("writers", 1);
    load(1000);
    operations_a_count(writers);
    participants_start(writers, open_synced, durable_part);
}

static double together_run(uint64_t count) { return together(count); }

static void checkpoint_prepare(void) {
    make_directory();
    open_synced(0);
}

static double checkpoint_run(uint64_t count) {
    static unsigned char value[65536];
    uint64_t values = (uint64_t)parameter("bytes", 1 << 26) / sizeof value;
    int64_t start = nanoseconds();
    for (uint64_t done = 0; done < count; done++) {
        MDB_txn *transaction = begin();
        memset(value, (int)(done | 1), sizeof value);
        for (uint64_t number = 0; number < values; number++) {
            MDB_val name = {sizeof number, &number}, whole = {sizeof value, value};
            check(mdb_put(transaction, table, &name, &whole, 0), "mdb_put");
        }
        check(mdb_txn_commit(transaction), "mdb_txn_commit");
    }
    return (double)(nanoseconds() - start);
}

// MARK: Opening

static void hold_open(int participant) {
    if (participant == 1) open_for_use(participant);
}

static void open_warm_prepare(void) {
    load(entry_count());
    participants_start(2, hold_open, NULL);
}

static void open_cold_prepare(void) { load(entry_count()); }

static double open_run(uint64_t count) {
    double elapsed = 0;
    char key[KEY_BYTES + 1];
    for (uint64_t done = 0; done < count; done++) {
        make_key(key, done % entry_count());
        int64_t start = nanoseconds();
        open_environment(0);
        take(reader, key);
        elapsed += (double)(nanoseconds() - start);
        close_environment();
    }
    return elapsed;
}

// MARK: Memory

static double memory_entry_run(uint64_t count) {
    (void)count;
    MDB_stat stat;
    check(mdb_txn_renew(reader), "mdb_txn_renew");
    check(mdb_stat(reader, table, &stat), "mdb_stat");
    mdb_txn_reset(reader);
    double pages = (double)(stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages);
    return pages * stat.ms_psize / (double)entry_count() - (double)(KEY_BYTES + value_bytes());
}

static void memory_entry_prepare(void) {
    load(entry_count());
    open_for_use(0);
}

static const struct work works[] = {
    {"map-get", map_get_prepare, map_run, map_finish, false},
    {"map-set", map_set_prepare, map_run, map_finish, false},
    {"map-mixed", map_mixed_prepare, map_run, map_finish, false},
    {"table-get", map_get_prepare, map_run, map_finish, false},
    {"table-scan", table_scan_prepare, table_scan_run, finish, false},
    {"table-load", table_load_prepare, table_load_run, finish, false},
    {"durable", durable_prepare, together_run, finish, false},
    {"checkpoint", checkpoint_prepare, checkpoint_run, finish, false},
    {"open-warm", open_warm_prepare, open_run, finish, false},
    {"open-cold", open_cold_prepare, open_run, finish, false},
    {"memory-entry", memory_entry_prepare, memory_entry_run, finish, true},
};

int main(int argc, char **argv) {
    use_store(&store);
    return harness_main(argc, argv, works, sizeof works / sizeof *works);
}

// SQLite with a write-ahead log: statements are prepared once, the file is mapped, and a write is a transaction of its own,
// without waiting for the disk except where the work is about that.
#include "harness.h"
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum text { GET, SET, SCAN_FROM, SCAN_ALL, BEGIN, COMMIT, TEXTS };

static const char *const texts[TEXTS] = {
    [GET] = "SELECT value FROM entries WHERE key = ?1",
    [SET] = "INSERT INTO entries VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    [SCAN_FROM] = "SELECT key, value FROM entries WHERE key >= ?1 ORDER BY key LIMIT ?2",
    [SCAN_ALL] = "SELECT key, value FROM entries ORDER BY key",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
};

static sqlite3 *database;
static sqlite3_stmt *statements[TEXTS];
static char directory[512];

static void fail(const char *what) { stop("%s: %s", what, database == NULL ? "no memory" : sqlite3_errmsg(database)); }

static void execute(const char *text) {
    if (sqlite3_exec(database, text, NULL, NULL, NULL) != SQLITE_OK) fail(text);
}

// MARK: Opening and closing

// Who finds the writer's place taken lets others run, and after some tries sleeps for a moment. SQLite's own handler sleeps for
// milliseconds. The deadline of the command bounds it.
static int wait_for_others(void *unused, int tries) {
    (void)unused;
    if (tries < 100) sched_yield();
    else usleep(100);
    return 1;
}

static void open_database(void) {
    char path[544];
    snprintf(path, sizeof path, "%s/entries.sqlite", directory);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &database, flags, NULL) != SQLITE_OK) fail("sqlite3_open_v2");
    sqlite3_busy_handler(database, wait_for_others, NULL);
}

static sqlite3_stmt *prepare(enum text which) {
    if (statements[which] == NULL
        && sqlite3_prepare_v3(database, texts[which], -1, SQLITE_PREPARE_PERSISTENT, &statements[which], NULL) != SQLITE_OK)
        fail(texts[which]);
    return statements[which];
}

static void open_for_use(int participant) {
    (void)participant;
    open_database();
    execute("PRAGMA mmap_size = 68719476736; PRAGMA cache_size = -262144");
    execute(parameter("synced", 0) ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
    for (int which = 0; which < TEXTS; which++) prepare((enum text)which);
}

static void open_synced(int participant) {
    open_for_use(participant);
    execute("PRAGMA synchronous = FULL");
}

static void close_database(void) {
    for (int which = 0; which < TEXTS; which++) {
        sqlite3_finalize(statements[which]);
        statements[which] = NULL;
    }
    if (database != NULL) sqlite3_close(database);
    database = NULL;
}

static void make_database(void) {
    snprintf(directory, sizeof directory, "%s", own_path("sqlite"));
    if (mkdir(directory, 0700) != 0) stop("cannot make %s", directory);
    open_database();
    execute("PRAGMA journal_mode = WAL");
    execute("CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
    close_database();
}

static void remove_all(uint64_t entries) {
    (void)entries;
    close_database();
    if (directory[0] != 0) remove_tree(directory);
    directory[0] = 0;
}

static void finish(void) { remove_all(0); }

// MARK: One entry

static void bind_key(sqlite3_stmt *statement, const char *key) {
    sqlite3_bind_text(statement, 1, key, KEY_BYTES, SQLITE_STATIC);
}

static void step_to_end(sqlite3_stmt *statement, const char *what) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail(what);
    sqlite3_reset(statement);
}

static void take_column(sqlite3_stmt *statement, int column) {
    const void *value = sqlite3_column_blob(statement, column);
    take_value(value, (size_t)sqlite3_column_bytes(statement, column));
}

static void read_entry(const char *key) {
    sqlite3_stmt *get = statements[GET];
    bind_key(get, key);
    int code = sqlite3_step(get);
    if (code == SQLITE_ROW) take_column(get, 0);
    else if (code == SQLITE_DONE) entry_missing();
    else fail("a read");
    sqlite3_reset(get);
}

static void write_entry(const char *key, uint64_t number) {
    sqlite3_stmt *set = statements[SET];
    bind_key(set, key);
    sqlite3_bind_blob(set, 2, value_of(number), (int)value_bytes(), SQLITE_STATIC);
    step_to_end(set, "a write");
}

static void modify_entry(const char *key, uint64_t number) {
    step_to_end(statements[BEGIN], "BEGIN");
    read_entry(key);
    write_entry(key, number);
    step_to_end(statements[COMMIT], "COMMIT");
}

static uint64_t take_rows(sqlite3_stmt *statement) {
    uint64_t count = 0;
    int code;
    for (; (code = sqlite3_step(statement)) == SQLITE_ROW; count++) {
        kept_sum += sqlite3_column_text(statement, 0)[KEY_BYTES - 1];
        take_column(statement, 1);
    }
    if (code != SQLITE_DONE) fail("a scan");
    sqlite3_reset(statement);
    return count;
}

static void scan_entries(const char *key, int entries) {
    bind_key(statements[SCAN_FROM], key);
    sqlite3_bind_int(statements[SCAN_FROM], 2, entries);
    take_rows(statements[SCAN_FROM]);
}

// MARK: Many entries

static void put_all(uint64_t entries) {
    char key[KEY_BYTES + 1];
    step_to_end(statements[BEGIN], "BEGIN");
    for (uint64_t number = 0; number < entries; number++) {
        make_key(key, number);
        write_entry(key, number);
    }
    step_to_end(statements[COMMIT], "COMMIT");
}

static void load(uint64_t entries) {
    make_database();
    open_for_use(0);
    put_all(entries);
    execute("PRAGMA wal_checkpoint(TRUNCATE)");
    close_database();
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
        if (take_rows(statements[SCAN_ALL]) != entry_count()) stop("entries are missing");
    return (double)(nanoseconds() - start);
}

static void table_load_prepare(void) {
    make_database();
    open_for_use(0);
    operations_a_count((double)entry_count());
}

static double table_load_run(uint64_t count) {
    double elapsed = 0;
    for (uint64_t done = 0; done < count; done++) {
        int64_t start = nanoseconds();
        put_all(entry_count());
        elapsed += (double)(nanoseconds() - start);
        execute("DELETE FROM entries");
        execute("PRAGMA wal_checkpoint(TRUNCATE)");
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

// MARK: Opening

static void hold_open(int participant) {
    if (participant != 1) return;
    open_for_use(participant);
    char key[KEY_BYTES + 1];
    make_key(key, 0);
    read_entry(key);
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
        open_database();
        prepare(GET);
        read_entry(key);
        elapsed += (double)(nanoseconds() - start);
        close_database();
    }
    return elapsed;
}

static const struct work works[] = {
    {"map-get", map_get_prepare, map_run, map_finish, false},
    {"map-set", map_set_prepare, map_run, map_finish, false},
    {"map-mixed", map_mixed_prepare, map_run, map_finish, false},
    {"table-get", map_get_prepare, map_run, map_finish, false},
    {"table-scan", table_scan_prepare, table_scan_run, finish, false},
    {"table-load", table_load_prepare, table_load_run, finish, false},
    {"durable", durable_prepare, together_run, finish, false},
    {"open-warm", open_warm_prepare, open_run, finish, false},
    {"open-cold", open_cold_prepare, open_run, finish, false},
};

int main(int argc, char **argv) {
    // One thread a process: no mutexes of its own.
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    use_store(&store);
    return harness_main(argc, argv, works, sizeof works / sizeof *works);
}

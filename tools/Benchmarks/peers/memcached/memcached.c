// memcached over a Unix socket: key by key, or with `pipeline=N` so many keys in one `get`, and so many `set`s before their answers
// are read. The server was started by somebody else, for the comparison alone, with memory for all entries (`-m`).
#include "client.h"
#include <stdio.h>
#include <stdlib.h>

#define AT_ONCE 500

static size_t bytes, pipeline, pending;

static void enter(int participant) {
    (void)participant;
    if (option("socket") == NULL) skip("--socket is missing");
    pending = 0;
    client_open(option("socket"));
}

static double statistic(const char *name) {
    double value = 0;
    client_put_text("stats\r\n");
    client_send();
    for (const char *line; strcmp(line = client_line(), "END") != 0;) {
        size_t length = strlen(name);
        if (strncmp(line, "STAT ", 5) == 0 && strncmp(line + 5, name, length) == 0 && line[5 + length] == ' ')
            value = strtod(line + 6 + length, NULL);
    }
    return value;
}

// MARK: Entries

static void flush_reads(void) {
    size_t found = 0, length;
    if (pending == 0) return;
    client_put_text("\r\n");
    client_send();
    for (const void *value; (value = client_value(&length)) != NULL; found++) take_value(value, length);
    for (; found < pending; found++) entry_missing();
    pending = 0;
}

static void read_entry(const char *key) {
    client_put_text(pending == 0 ? "get " : " ");
    client_put(key, KEY_BYTES);
    if (++pending >= pipeline) flush_reads();
}

static void put_write(const char *key, uint64_t number) {
    static char rest[32];
    static size_t told, length;
    if (told != bytes) length = (size_t)snprintf(rest, sizeof rest, " 0 0 %zu\r\n", told = bytes);
    client_put("set ", 4);
    client_put(key, KEY_BYTES);
    client_put(rest, length);
    client_put(value_of(number), bytes);
    client_put("\r\n", 2);
    pending++;
}

static void expect_answers(const char *expected) {
    client_send();
    for (; pending > 0; pending--) {
        const char *line = client_line();
        if (strcmp(line, expected) != 0) stop("memcached: %s", line);
    }
}

static void flush_writes(void) { expect_answers("STORED"); }

static void write_entry(const char *key, uint64_t number) {
    put_write(key, number);
    if (pending >= pipeline) flush_writes();
}

static void modify_entry(const char *key, uint64_t number) {
    read_entry(key);
    write_entry(key, number);
}

static void begin(void) {
    bytes = value_bytes();
    pipeline = (size_t)parameter("pipeline", 1);
    enter(0);
}

static void load(uint64_t entries) {
    char key[KEY_BYTES + 1];
    begin();
    double evicted = statistic("evictions");
    for (uint64_t number = 0; number < entries; number++) {
        make_key(key, number);
        put_write(key, number);
        if (pending == AT_ONCE) flush_writes();
    }
    flush_writes();
    if (statistic("evictions") != evicted) skip("the server has no memory for all entries (start it with a larger -m)");
    client_close();
}

static void remove_all(uint64_t entries) {
    char key[KEY_BYTES + 1];
    client_close();
    if (entries == 0 || option("socket") == NULL) return;
    enter(0);
    for (uint64_t number = 0; number < entries; number++) {
        make_key(key, number);
        client_put_text("delete ");
        client_put(key, KEY_BYTES);
        client_put_text("\r\n");
        if (++pending < AT_ONCE && number + 1 < entries) continue;
        client_send();
        for (; pending > 0; pending--) client_line();
    }
    client_close();
}

static const struct store readable = {load, enter, read_entry, write_entry, NULL, modify_entry, flush_reads, remove_all};
static const struct store writable = {load, enter, read_entry, write_entry, NULL, modify_entry, flush_writes, remove_all};

static void get_prepare(void) {
    use_store(&readable);
    map_get_prepare();
}

static void set_prepare(void) {
    use_store(&writable);
    map_set_prepare();
}

static void mixed_prepare(void) {
    use_store(&readable);
    map_mixed_prepare();
}

// MARK: A value

static char value_key[KEY_BYTES + 1];

static void block_prepare(void) {
    make_key(value_key, 0);
    load(1);
    enter(0);
}

static void word_prepare(void) {
    block_prepare();
    bytes = sizeof(uint64_t);
    client_put_text("set key-000000000000 0 0 8\r\n00000001\r\n");
    pending = 1;
    flush_writes();
}

static void value_finish(void) { remove_all(1); }

static double load_run(uint64_t count) {
    int64_t start = nanoseconds();
    for (uint64_t done = 0; done < count; done++) read_entry(value_key);
    flush_reads();
    return (double)(nanoseconds() - start);
}

static double store_run(uint64_t count) {
    int64_t start = nanoseconds();
    for (uint64_t done = 0; done < count; done++) write_entry(value_key, done);
    flush_writes();
    return (double)(nanoseconds() - start);
}

static void take_counts(void) {
    client_send();
    for (; pending > 0; pending--) {
        const char *line = client_line();
        if (*line < '0' || *line > '9') stop("memcached: %s", line);
        kept_sum += strtoull(line, NULL, 10);
    }
}

static double add_run(uint64_t count) {
    int64_t start = nanoseconds();
    for (uint64_t done = 0; done < count; done++) {
        client_put_text("incr key-000000000000 1\r\n");
        if (++pending >= pipeline) take_counts();
    }
    take_counts();
    return (double)(nanoseconds() - start);
}

// MARK: Memory

static double bytes_when_empty;

static void memory_entry_prepare(void) {
    begin();
    bytes_when_empty = statistic("bytes");
    client_close();
    load((uint64_t)parameter("entries", 1000000));
    enter(0);
}

static double memory_entry_run(uint64_t count) {
    (void)count;
    double entries = (double)parameter("entries", 1000000);
    return (statistic("bytes") - bytes_when_empty) / entries - (double)(KEY_BYTES + bytes);
}

static void memory_entry_finish(void) { remove_all((uint64_t)parameter("entries", 1000000)); }

static const struct work works[] = {
    {"word-load", word_prepare, load_run, value_finish, false},
    {"word-store", word_prepare, store_run, value_finish, false},
    {"word-add", word_prepare, add_run, value_finish, false},
    {"block-load", block_prepare, load_run, value_finish, false},
    {"block-store", block_prepare, store_run, value_finish, false},
    {"map-get", get_prepare, map_run, map_finish, false},
    {"map-set", set_prepare, map_run, map_finish, false},
    {"map-mixed", mixed_prepare, map_run, map_finish, false},
    {"memory-entry", memory_entry_prepare, memory_entry_run, memory_entry_finish, true},
};

int main(int argc, char **argv) {
    use_store(&readable);
    return harness_main(argc, argv, works, sizeof works / sizeof *works);
}

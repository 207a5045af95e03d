#include "CBareLMDB.h"
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    MDB_env *environment;
    MDB_dbi table;
    MDB_txn *reader;
} database;

void *bare_lmdb_open(const char *directory) {
    database *opened = calloc(1, sizeof *opened);
    MDB_txn *transaction;
    if (mdb_env_create(&opened->environment) != 0) return NULL;
    mdb_env_set_maxdbs(opened->environment, 256);
    mdb_env_set_mapsize(opened->environment, (size_t)1 << 30);
    if (mdb_env_open(opened->environment, directory, MDB_NOTLS, 0600) != 0) return NULL;
    if (mdb_txn_begin(opened->environment, NULL, 0, &transaction) != 0) return NULL;
    if (mdb_dbi_open(transaction, "table", MDB_CREATE, &opened->table) != 0) return NULL;
    if (mdb_txn_commit(transaction) != 0) return NULL;
    if (mdb_txn_begin(opened->environment, NULL, MDB_RDONLY, &opened->reader) != 0) return NULL;
    mdb_txn_reset(opened->reader);
    return opened;
}

static void name_key(char key[17], uint32_t number) {
    memcpy(key, "counter-", 8);
    for (int place = 15; place >= 8; place--, number /= 10) key[place] = (char)('0' + number % 10);
}

int bare_lmdb_load(void *pointer, size_t count) {
    database *opened = pointer;
    MDB_txn *transaction;
    char key[17];
    uint64_t block[8] = {0};
    int code = mdb_txn_begin(opened->environment, NULL, 0, &transaction);
    for (size_t index = 0; index < count && code == 0; index++) {
        name_key(key, (uint32_t)index);
        block[0] = index;
        MDB_val name = {16, key}, value = {sizeof block, block};
        code = mdb_put(transaction, opened->table, &name, &value, 0);
    }
    return code != 0 ? code : mdb_txn_commit(transaction);
}

uint64_t bare_lmdb_get(void *pointer, const uint32_t *numbers, size_t count) {
    database *opened = pointer;
    uint64_t sum = 0;
    char key[17];
    for (size_t index = 0; index < count; index++) {
        name_key(key, numbers[index]);
        MDB_val name = {16, key}, value;
        mdb_txn_renew(opened->reader);
        if (mdb_get(opened->reader, opened->table, &name, &value) == 0) {
            uint64_t block[8];
            memcpy(block, value.mv_data, sizeof block);
            sum += block[0] + block[7];
        }
        mdb_txn_reset(opened->reader);
    }
    return sum;
}

uint64_t bare_lmdb_scan_range(void *pointer, uint32_t first, uint32_t end) {
    database *opened = pointer;
    uint64_t sum = 0;
    MDB_cursor *cursor;
    char from[17], to[17];
    name_key(from, first);
    name_key(to, end);
    MDB_val name = {16, from}, value;
    mdb_txn_renew(opened->reader);
    if (mdb_cursor_open(opened->reader, opened->table, &cursor) == 0) {
        int code = mdb_cursor_get(cursor, &name, &value, MDB_SET_RANGE);
        while (code == 0 && memcmp(name.mv_data, to, name.mv_size < 16 ? name.mv_size : 16) < 0) {
            uint64_t block[8];
            memcpy(block, value.mv_data, sizeof block);
            sum += block[0] + block[7] + ((unsigned char *)name.mv_data)[15];
            code = mdb_cursor_get(cursor, &name, &value, MDB_NEXT);
        }
        mdb_cursor_close(cursor);
    }
    mdb_txn_reset(opened->reader);
    return sum;
}

uint64_t bare_lmdb_scan(void *pointer) {
    database *opened = pointer;
    uint64_t sum = 0;
    MDB_cursor *cursor;
    MDB_val name, value;
    mdb_txn_renew(opened->reader);
    if (mdb_cursor_open(opened->reader, opened->table, &cursor) == 0) {
        while (mdb_cursor_get(cursor, &name, &value, MDB_NEXT) == 0) {
            uint64_t block[8];
            memcpy(block, value.mv_data, sizeof block);
            sum += block[0] + block[7] + ((unsigned char *)name.mv_data)[15];
        }
        mdb_cursor_close(cursor);
    }
    mdb_txn_reset(opened->reader);
    return sum;
}

// LMDB used directly from C, on the same work as Cellar's tables: keys of 16 bytes, values of 64.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Opens a database in a directory that is there. Null if that fails. Never closed.
void *bare_lmdb_open(const char *directory);
/// Sets `count` keys in order, in one transaction, and commits. Returns 0 or LMDB's error.
int bare_lmdb_load(void *database, size_t count);
/// Gets the keys of these numbers, each in a transaction that is renewed and reset. Returns a sum of what it read.
uint64_t bare_lmdb_get(void *database, const uint32_t *numbers, size_t count);
/// Goes through the keys from one number up to another, comparing each key with the last. Returns a sum of what it read.
uint64_t bare_lmdb_scan_range(void *database, uint32_t first, uint32_t end);
/// Goes through all entries. Returns a sum of what it read.
uint64_t bare_lmdb_scan(void *database);

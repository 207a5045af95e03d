#include "bare.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define ELEMENTS 1000000
#define ARRAY_BYTES ((size_t)64 << 20)
#define PIECE_BYTES ((size_t)1 << 20)

static unsigned char *array, *piece;
static size_t array_bytes, slice_bytes;
static struct access *accesses;

static size_t available_bytes(void) {
    char line[128];
    size_t kilobytes = 0;
    FILE *file = fopen("/proc/meminfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "MemAvailable: %zu", &kilobytes) == 1) break;
    if (file != NULL) fclose(file);
    return kilobytes * 1024;
}

static void make_array(size_t bytes) {
    if (bytes > available_bytes() / 2) skip("needs %zu MiB of memory", 2 * bytes >> 20);
    array_bytes = bytes;
    array = shared_memory(bytes);
    memset(array, 0x5A, bytes);
}

void arrays_finish(void) {
    if (array != NULL) munmap(array, array_bytes);
    free(piece);
    free(accesses);
    array = NULL, piece = NULL, accesses = NULL;
}

// MARK: Elements

void element_get_prepare(void) {
    make_array(ELEMENTS * sizeof(uint64_t));
    accesses = random_accesses(ELEMENTS);
}

void element_set_prepare(void) { element_get_prepare(); }

double element_get_run(uint64_t count) {
    const uint64_t *elements = (const uint64_t *)array;
    uint64_t sum = 0;
    size_t position = 0;
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        sum += __atomic_load_n(elements + accesses[position].number, __ATOMIC_RELAXED);
        position = position + 1 == ACCESSES ? 0 : position + 1;
    }
    kept_sum += sum;
    return (double)(nanoseconds() - start);
}

double element_set_run(uint64_t count) {
    uint64_t *elements = (uint64_t *)array;
    size_t position = 0;
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        __atomic_store_n(elements + accesses[position].number, done, __ATOMIC_RELAXED);
        position = position + 1 == ACCESSES ? 0 : position + 1;
    }
    return (double)(nanoseconds() - start);
}

// MARK: Slices and all of it

static void make_piece(size_t bytes) {
    piece = malloc(bytes);
    if (piece == NULL) stop("no memory");
    memset(piece, 0x5A, bytes);
}

// Keeps the compiler from leaving out a copy that nobody reads.
static void use(const void *memory) { __asm__ volatile("" : : "r"(memory) : "memory"); }

void slice_copy_prepare(void) {
    slice_bytes = (size_t)parameter("bytes", 65536);
    if (slice_bytes == 0 || slice_bytes > ARRAY_BYTES) skip("slices of up to %zu bytes", ARRAY_BYTES);
    make_array(ARRAY_BYTES);
    make_piece(slice_bytes);
    accesses = random_accesses(ARRAY_BYTES / slice_bytes);
}

double slice_copy_run(uint64_t count) {
    size_t position = 0;
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        memcpy(piece, array + accesses[position].number * slice_bytes, slice_bytes);
        use(piece);
        position = position + 1 == ACCESSES ? 0 : position + 1;
    }
    return (double)(nanoseconds() - start);
}

void scan_prepare(void) {
    size_t bytes = (size_t)parameter("bytes", 1 << 30);
    if (bytes < PIECE_BYTES || bytes % PIECE_BYTES != 0) skip("whole pieces of %zu bytes only", PIECE_BYTES);
    make_array(bytes);
    make_piece(PIECE_BYTES);
}

void bulk_in_prepare(void) { scan_prepare(); }

double scan_run(uint64_t count) {
    int64_t start = nanoseconds();
    for (uint64_t done = 0; done < count; done++)
        for (size_t offset = 0; offset < array_bytes; offset += PIECE_BYTES) {
            memcpy(piece, array + offset, PIECE_BYTES);
            use(piece);
        }
    return (double)(nanoseconds() - start);
}

double bulk_in_run(uint64_t count) {
    int64_t start = nanoseconds();
    for (uint64_t done = 0; done < count; done++)
        for (size_t offset = 0; offset < array_bytes; offset += PIECE_BYTES) {
            memcpy(array + offset, piece, PIECE_BYTES);
            use(array);
        }
    return (double)(nanoseconds() - start);
}

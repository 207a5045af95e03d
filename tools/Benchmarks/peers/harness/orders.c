#include "../harness.h"
#include <math.h>
#include <stdlib.h>

// MARK: Keys and values

unsigned char taken_value[MOST_VALUE_BYTES];

void make_key(char key[KEY_BYTES + 1], uint64_t number) {
    memcpy(key, "key-", 4);
    for (int place = KEY_BYTES - 1; place >= 4; place--, number /= 10) key[place] = (char)('0' + number % 10);
    key[KEY_BYTES] = 0;
}

const void *value_of(uint64_t number) {
    static unsigned char value[MOST_VALUE_BYTES];
    if (value[MOST_VALUE_BYTES - 1] == 0) memset(value, 0x5A, sizeof value);
    memcpy(value, &number, sizeof number);
    return value;
}

// MARK: Orders

uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12, *state ^= *state << 25, *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1D;
}

static double next_fraction(uint64_t *state) { return (double)(next_random(state) >> 11) / 9007199254740992.0; }

static struct access *empty_accesses(void) {
    struct access *accesses = calloc(ACCESSES, sizeof *accesses);
    if (accesses == NULL) stop("no memory");
    return accesses;
}

struct access *random_accesses(uint64_t entries) {
    if (entries == 0) stop("entries=0");
    uint64_t random = 88172645463325252u;
    struct access *accesses = empty_accesses();
    for (size_t index = 0; index < ACCESSES; index++) {
        accesses[index].number = next_random(&random) % entries;
        make_key(accesses[index].key, accesses[index].number);
    }
    return accesses;
}

// MARK: Zipfian (Gray et al., "Quickly generating billion-record synthetic databases", as YCSB does it)

static const double theta = 0.99;
static struct {
    uint64_t entries;
    double zeta, eta;
} zipfian;

void prepare_zipfian(uint64_t entries) {
    if (zipfian.entries == entries) return;
    double zeta = 0;
    for (uint64_t index = 1; index <= entries; index++) zeta += pow(1.0 / (double)index, theta);
    double zeta2 = 1 + pow(0.5, theta);
    zipfian.entries = entries;
    zipfian.zeta = zeta;
    zipfian.eta = (1 - pow(2.0 / (double)entries, 1 - theta)) / (1 - zeta2 / zeta);
}

static uint64_t next_rank(uint64_t *random) {
    double fraction = next_fraction(random), scaled = fraction * zipfian.zeta;
    if (scaled < 1) return 0;
    if (scaled < 1 + pow(0.5, theta)) return 1;
    uint64_t rank = (uint64_t)((double)zipfian.entries * pow(zipfian.eta * fraction - zipfian.eta + 1, 1 / (1 - theta)));
    return rank < zipfian.entries ? rank : zipfian.entries - 1;
}

static uint64_t fnv1a(uint64_t number) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (int byte = 0; byte < 8; byte++, number >>= 8) hash = (hash ^ (number & 0xFF)) * 0x100000001B3u;
    return hash;
}

static enum kind next_kind(char shape, uint64_t *random) {
    double fraction = next_fraction(random);
    switch (shape) {
    case 'A': return fraction < 0.5 ? READ : UPDATE;
    case 'B': return fraction < 0.95 ? READ : UPDATE;
    case 'C': return READ;
    case 'D': return fraction < 0.95 ? READ : INSERT;
    case 'E': return fraction < 0.95 ? SCAN : INSERT;
    case 'F': return fraction < 0.5 ? READ : MODIFY;
    default: stop("shape=%c is none of A to F", shape);
    }
}

struct access *ycsb_accesses(char shape, uint64_t entries, uint64_t seed) {
    uint64_t random = 88172645463325252u + seed * 0x9E3779B97F4A7C15u;
    struct access *accesses = empty_accesses();
    prepare_zipfian(entries);
    for (size_t index = 0; index < ACCESSES; index++) {
        uint64_t rank = next_rank(&random);
        accesses[index].kind = (unsigned char)next_kind(shape, &random);
        accesses[index].number = shape == 'D' ? rank : fnv1a(rank) % entries;
        make_key(accesses[index].key, accesses[index].number);
    }
    return accesses;
}

#include "bare.h"
#include <sys/mman.h>

// A queue that does no more than survive the death of who is in it: a ring under a robust mutex.
static struct ring {
    _Alignas(64) pthread_mutex_t mutex;
    _Alignas(64) uint64_t put, got;
    _Alignas(64) unsigned char items[];
} *ring;
static size_t ring_bytes;
static uint64_t places;

static void make(int queues, size_t bytes, size_t capacity) {
    (void)queues;
    places = capacity;
    ring_bytes = sizeof *ring + places * bytes;
    ring = shared_memory(ring_bytes);
    make_mutex(&ring->mutex);
}

static inline void copy(void *target, const void *source, size_t bytes) {
    if (bytes == 64) memcpy(target, source, 64);
    else memcpy(target, source, bytes);
}

static void put(int which, const void *item, size_t bytes) {
    (void)which;
    pthread_mutex_lock(&ring->mutex);
    if (ring->put - ring->got == places) stop("the ring is full");
    copy(ring->items + ring->put++ % places * bytes, item, bytes);
    pthread_mutex_unlock(&ring->mutex);
}

static void get(int which, void *item, size_t bytes) {
    (void)which;
    pthread_mutex_lock(&ring->mutex);
    if (ring->put == ring->got) stop("the ring is empty");
    copy(item, ring->items + ring->got++ % places * bytes, bytes);
    pthread_mutex_unlock(&ring->mutex);
}

static void remove_ring(void) { munmap(ring, ring_bytes); }

const struct queue ring_queue = {.make = make, .put = put, .get = get, .remove = remove_ring};

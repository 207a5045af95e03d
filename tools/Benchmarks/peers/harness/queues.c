#include "../harness.h"
#include <stdlib.h>

static const struct queue *queue;
static size_t bytes;
static unsigned char *item;
static int producers, consumers;
static size_t batch;

void use_queue(const struct queue *used) { queue = used; }

static void make(int queues) {
    bytes = (size_t)parameter("bytes", 64);
    if (bytes < 8 || bytes > MOST_VALUE_BYTES) skip("items have 8 to %d bytes", MOST_VALUE_BYTES);
    batch = (size_t)parameter("batch", 64);
    item = malloc(bytes * batch);
    if (item == NULL) stop("no memory");
    memset(item, 0x5A, bytes * batch);
    queue->make(queues, bytes, (size_t)parameter("capacity", bytes > 4096 ? 64 : 1024));
}

static void put(int which, uint64_t number) {
    memcpy(item, &number, sizeof number);
    queue->put(which, item, bytes);
}

static uint64_t get(int which) {
    uint64_t number;
    queue->get(which, item, bytes);
    memcpy(&number, item, sizeof number);
    return number;
}

void queue_finish(void) {
    queue->remove();
    free(item);
    item = NULL;
}

// MARK: Alone

void queue_alone_prepare(void) {
    make(1);
    if (queue->enter != NULL) queue->enter(0);
}

double queue_alone_run(uint64_t count) {
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        put(0, done);
        if (get(0) != done) stop("another item than the one that was put");
    }
    return (double)(nanoseconds() - start);
}

// MARK: From processes to processes. The consumers are the first participants, and each item has a number that is summed.

static void queue_part(int participant, uint64_t count) {
    if (participant >= consumers) {
        ONE_BY_ONE
        for (uint64_t number = 1; number <= count * (uint64_t)consumers; number++) put(0, number);
        return;
    }
    uint64_t sum = 0;
    ONE_BY_ONE
    for (uint64_t done = 0; done < count * (uint64_t)producers; done++) sum += get(0);
    *shared_word(participant) = sum;
}

static void batch_put_part(uint64_t count) {
    for (uint64_t number = 1; number <= count; number += batch) {
        for (size_t index = 0; index < batch; index++) {
            uint64_t own = number + index;
            memcpy(item + index * bytes, &own, sizeof own);
        }
        queue->put_batch(0, item, bytes, batch);
    }
}

static uint64_t batch_get_part(uint64_t count) {
    uint64_t sum = 0;
    for (uint64_t done = 0; done < count;) {
        size_t got = queue->get_batch(0, item, bytes, batch);
        for (size_t index = 0; index < got; index++) {
            uint64_t number;
            memcpy(&number, item + index * bytes, sizeof number);
            sum += number;
        }
        done += got;
    }
    return sum;
}

static void batch_part(int participant, uint64_t count) {
    if (participant == 1) batch_put_part(count * batch);
    else *shared_word(0) = batch_get_part(count * batch);
}

static void start(int to, int from, void (*part)(int, uint64_t)) {
    consumers = to, producers = from;
    make(1);
    participants_start(consumers + producers, queue->enter, part);
}

void queue_prepare(void) {
    int from = (int)parameter("producers", 1), to = (int)parameter("consumers", 1);
    operations_a_count((double)from * to);
    start(to, from, queue_part);
    batch = 1;
}

void queue_batch_prepare(void) {
    if (queue->put_batch == NULL) skip("has no call for several items");
    start(1, 1, batch_part);
    operations_a_count((double)batch);
}

double queue_run(uint64_t count) {
    double elapsed = together(count);
    uint64_t each = count * batch * (uint64_t)consumers, sum = 0;
    for (int index = 0; index < consumers; index++) sum += *shared_word(index);
    if (sum != (uint64_t)producers * (each * (each + 1) / 2)) stop("the sum of the items that came is not that of those that went");
    return elapsed;
}

// MARK: Turns, through a queue for each direction

static void turns_part(int participant, uint64_t count) {
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        if (participant == 0) put(0, done);
        if (get(participant == 0 ? 1 : 0) != done) stop("a turn out of order");
        if (participant == 1) put(1, done);
    }
}

void queue_turns_prepare(void) {
    make(2);
    operations_a_count(2);
    participants_start(2, queue->enter, turns_part);
}

double queue_turns_run(uint64_t count) { return together(count); }

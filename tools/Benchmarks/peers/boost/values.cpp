#include "boost.hpp"
#include <boost/interprocess/sync/interprocess_semaphore.hpp>
#include <sys/mman.h>
#include <unistd.h>

#define WAKES 200

namespace {

using lock_guard = bi::scoped_lock<bi::interprocess_mutex>;

struct page_type {
    bi::interprocess_mutex mutex;
    alignas(64) uint64_t word = 0;
    alignas(64) bi::interprocess_semaphore wakes{0};
    uint32_t asleep = 0;
    int64_t stamp = 0;
    int64_t samples[WAKES];
    alignas(64) unsigned char block[MOST_VALUE_BYTES];
};

page_type *page;
size_t bytes;
int processes;

void make_page() { page = new (shared_memory(sizeof(page_type))) page_type; }

} // namespace

void values_finish() {
    if (page != nullptr) munmap(page, sizeof *page);
    page = nullptr;
}

// MARK: A block

void block_prepare() {
    bytes = value_bytes();
    make_page();
    std::memcpy(page->block, value_of(1), bytes);
}

static void load_block() {
    lock_guard guard(page->mutex);
    take_value(page->block, bytes);
}

static void store_block(uint64_t value) {
    const void *source = value_of(value);
    lock_guard guard(page->mutex);
    std::memcpy(page->block, source, bytes);
}

double block_load_run(uint64_t count) {
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) load_block();
    return double(nanoseconds() - start);
}

double block_store_run(uint64_t count) {
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) store_block(done);
    return double(nanoseconds() - start);
}

static void written_part(int participant, uint64_t count) {
    if (participant == 0) {
        ONE_BY_ONE
        for (uint64_t done = 0; done < count; done++) load_block();
    } else {
        for (uint64_t value = 0; !first_is_through(); value++) store_block(value);
    }
}

void block_load_written_prepare() {
    block_prepare();
    participants_start(2, nullptr, guarded<written_part>::call);
}

double block_load_written_run(uint64_t count) {
    together(count);
    return time_of(0);
}

// MARK: The lock

void lock_prepare() { make_page(); }

double lock_run(uint64_t count) {
    int64_t start = nanoseconds();
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) lock_guard guard(page->mutex);
    return double(nanoseconds() - start);
}

static void fought_part(int, uint64_t count) {
    ONE_BY_ONE
    for (uint64_t done = 0; done < count; done++) {
        lock_guard guard(page->mutex);
        page->word += 1;
    }
}

void lock_fought_prepare() {
    make_page();
    processes = int(parameter("processes", 2));
    operations_a_count(processes);
    participants_start(processes, nullptr, guarded<fought_part>::call);
}

double lock_fought_run(uint64_t count) {
    page->word = 0;
    double elapsed = together(count);
    if (page->word != count * uint64_t(processes)) stop("the sum is wrong");
    return elapsed;
}

// MARK: Waking a sleeper

static void sleep_and_note() {
    for (uint32_t done = 0; done < WAKES; done++) {
        __atomic_store_n(&page->asleep, done + 1, __ATOMIC_RELEASE);
        page->wakes.wait();
        page->samples[done] = nanoseconds() - page->stamp;
    }
}

static void wake_part(int participant, uint64_t) {
    if (participant == 1) return sleep_and_note();
    for (uint32_t done = 0; done < WAKES; done++) {
        while (__atomic_load_n(&page->asleep, __ATOMIC_ACQUIRE) != done + 1) sched_yield();
        usleep(1500);
        page->stamp = nanoseconds();
        page->wakes.post();
    }
}

void wake_prepare() {
    make_page();
    participants_start(2, nullptr, guarded<wake_part>::call);
}

double wake_run(uint64_t) {
    page->asleep = 0;
    together(1);
    return median(page->samples, WAKES);
}

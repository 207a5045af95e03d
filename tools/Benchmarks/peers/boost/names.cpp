#include "boost.hpp"
#include <boost/interprocess/indexes/iunordered_set_index.hpp>
#include <cstdlib>

// Named objects: by default in `managed_shared_memory` as it comes (its names are in a tree); with `index=hash`, in a segment
// whose names are in a hash table.
namespace {

struct names {
    virtual ~names() = default;
    virtual uint64_t find(const char *name) = 0;
    virtual size_t used() = 0;
};

template <class Segment> struct names_in final : names {
    Segment segment;

    explicit names_in(const char *name) : segment(bi::open_only, name) {}

    uint64_t find(const char *name) override {
        long *found = segment.template find<long>(name).first;
        if (found == nullptr) stop("a name is missing");
        return uint64_t(__atomic_load_n(found, __ATOMIC_ACQUIRE));
    }

    size_t used() override { return segment.get_size() - segment.get_free_memory(); }

    double run_finds(const std::vector<std::string> &order, uint64_t count) {
        uint64_t sum = 0;
        size_t position = 0;
        int64_t start = nanoseconds();
        ONE_BY_ONE
        for (uint64_t done = 0; done < count; done++) {
            sum += names_in::find(order[position].c_str());
            position = position + 1 == order.size() ? 0 : position + 1;
        }
        kept_sum += sum;
        return double(nanoseconds() - start);
    }
};

using hashed_memory = bi::basic_managed_shared_memory<char, bi::rbtree_best_fit<bi::mutex_family>, bi::iunordered_set_index>;
using tree_names = names_in<bi::managed_shared_memory>;
using hashed_names = names_in<hashed_memory>;

std::string segment_name;
std::unique_ptr<names> opened;
std::vector<std::string> order;
uint64_t entries;
size_t used_when_empty;
bool hashed;

std::unique_ptr<names> open_names() {
    if (hashed) return std::make_unique<hashed_names>(segment_name.c_str());
    return std::make_unique<tree_names>(segment_name.c_str());
}

template <class Segment> void fill() {
    Segment segment(bi::create_only, segment_name.c_str(), (size_t(16) << 20) + entries * 256);
    used_when_empty = segment.get_size() - segment.get_free_memory();
    // As it is advised where names are many: room for them in the index at once.
    segment.reserve_named_objects(entries);
    char key[KEY_BYTES + 1];
    for (uint64_t number = 0; number < entries; number++) {
        make_key(key, number);
        segment.template construct<long>(key)(long(number));
    }
}

void make_names() {
    entries = uint64_t(parameter("entries", 1000));
    segment_name = own_name("names");
    hashed = std::string(parameter_text("index", "tree")) == "hash";
    hashed ? fill<hashed_memory>() : fill<bi::managed_shared_memory>();
}

void hold_open(int participant) {
    if (participant == 1) opened = open_names();
}

} // namespace

void names_finish() {
    opened.reset();
    order.clear();
    if (!segment_name.empty()) bi::shared_memory_object::remove(segment_name.c_str());
    segment_name.clear();
}

void lookup_prepare() {
    make_names();
    opened = open_names();
    struct access *accesses = random_accesses(entries);
    for (size_t index = 0; index < ACCESSES; index++) order.emplace_back(accesses[index].key);
    std::free(accesses);
}

double lookup_run(uint64_t count) {
    if (hashed) return static_cast<hashed_names &>(*opened).run_finds(order, count);
    return static_cast<tree_names &>(*opened).run_finds(order, count);
}

void open_warm_prepare() {
    make_names();
    participants_start(2, guarded<hold_open>::call, nullptr);
}

double open_warm_run(uint64_t count) {
    char key[KEY_BYTES + 1];
    double elapsed = 0;
    for (uint64_t done = 0; done < count; done++) {
        make_key(key, done % entries);
        int64_t start = nanoseconds();
        opened = open_names();
        kept_sum += opened->find(key);
        elapsed += double(nanoseconds() - start);
        opened.reset();
    }
    return elapsed;
}

void memory_cell_prepare() {
    make_names();
    opened = open_names();
}

double memory_cell_run(uint64_t) { return double(opened->used() - used_when_empty) / double(entries); }

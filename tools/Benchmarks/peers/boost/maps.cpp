#include "boost.hpp"
#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/sync/interprocess_sharable_mutex.hpp>
#include <boost/interprocess/sync/sharable_lock.hpp>
#include <boost/unordered_map.hpp>

// boost::unordered_map in a managed segment, under the lock that is the faster one as measured: `interprocess_sharable_mutex`,
// which lets readers in together, where several processes only read; else `interprocess_mutex`. `lock=plain|sharable` chooses.
namespace {

struct key_type {
    uint64_t words[2];

    explicit key_type(const char *text) { std::memcpy(words, text, sizeof words); }
    bool operator==(const key_type &other) const { return words[0] == other.words[0] && words[1] == other.words[1]; }
};

struct key_hash {
    size_t operator()(const key_type &key) const {
        uint64_t mixed = (key.words[0] ^ (key.words[1] * 0x9E3779B97F4A7C15u)) * 0xFF51AFD7ED558CCDu;
        return mixed ^ (mixed >> 32);
    }
};

constexpr size_t bytes = 64;

struct value_type {
    unsigned char bytes[::bytes];
};

using entry_type = std::pair<const key_type, value_type>;
using allocator_type = bi::allocator<entry_type, bi::managed_shared_memory::segment_manager>;
using map_type = boost::unordered_map<key_type, value_type, key_hash, std::equal_to<key_type>, allocator_type>;

struct locks {
    bi::interprocess_mutex plain;
    bi::interprocess_sharable_mutex sharable;
};

std::string segment_name;
std::unique_ptr<bi::managed_shared_memory> segment;
map_type *map;
locks *lock;
bool sharable;
size_t used_when_empty;

bool is_sharable() {
    const char *chosen = parameter_text("lock", nullptr);
    if (chosen != nullptr) return std::strcmp(chosen, "sharable") == 0;
    return *parameter_text("shape", "B") == 'C' && parameter("processes", 1) > 1;
}

template <class Body> void exclusively(Body body) {
    if (sharable) {
        bi::scoped_lock<bi::interprocess_sharable_mutex> guard(lock->sharable);
        body();
    } else {
        bi::scoped_lock<bi::interprocess_mutex> guard(lock->plain);
        body();
    }
}

template <class Body> void reading(Body body) {
    if (!sharable) return exclusively(body);
    bi::sharable_lock<bi::interprocess_sharable_mutex> guard(lock->sharable);
    body();
}

void set(const char *key, uint64_t number) {
    std::memcpy((*map)[key_type(key)].bytes, value_of(number), bytes);
}

bool take(const char *key) {
    auto found = map->find(key_type(key));
    if (found == map->end()) return false;
    take_value(found->second.bytes, bytes);
    return true;
}

void enter(int) {
    segment = std::make_unique<bi::managed_shared_memory>(bi::open_only, segment_name.c_str());
    map = segment->find<map_type>("map").first;
    lock = segment->find<locks>("locks").first;
}

void load(uint64_t entries) {
    if (value_bytes() != bytes) skip("values of %zu bytes only", bytes);
    sharable = is_sharable();
    segment_name = own_name("map");
    // Those of shape D insert as they go.
    size_t room = entries + (*parameter_text("shape", "B") == 'D' ? 4000000 : 0);
    segment = std::make_unique<bi::managed_shared_memory>(bi::create_only, segment_name.c_str(), (size_t(16) << 20) + room * 200);
    used_when_empty = segment->get_size() - segment->get_free_memory();
    lock = segment->construct<locks>("locks")();
    map = segment->construct<map_type>("map")(entries, key_hash(), std::equal_to<key_type>(), segment->get_segment_manager());
    map->reserve(entries);
    char key[KEY_BYTES + 1];
    for (uint64_t number = 0; number < entries; number++) {
        make_key(key, number);
        set(key, number);
    }
    segment.reset();
}

void read_entry(const char *key) {
    bool found = false;
    reading([&] { found = take(key); });
    if (!found) entry_missing();
}

void write_entry(const char *key, uint64_t number) {
    exclusively([&] { set(key, number); });
}

void modify_entry(const char *key, uint64_t number) {
    exclusively([&] {
        take(key);
        set(key, number);
    });
}

void remove_all(uint64_t) {
    segment.reset();
    if (!segment_name.empty()) bi::shared_memory_object::remove(segment_name.c_str());
    segment_name.clear();
}

} // namespace

const store map_store = {
    guarded<load>::call, guarded<enter>::call, guarded<read_entry>::call, guarded<write_entry>::call, nullptr,
    guarded<modify_entry>::call, nullptr, guarded<remove_all>::call,
};

// MARK: Memory

void memory_entry_prepare() {
    load(uint64_t(parameter("entries", 1000000)));
    enter(0);
}

double memory_entry_run(uint64_t) {
    double used = double(segment->get_size() - segment->get_free_memory() - used_when_empty);
    return used / double(map->size()) - double(KEY_BYTES + bytes);
}

void memory_entry_finish() { remove_all(0); }

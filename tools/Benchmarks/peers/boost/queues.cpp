#include "boost.hpp"
#include <boost/interprocess/ipc/message_queue.hpp>

namespace {

std::vector<std::string> names;
std::vector<std::unique_ptr<bi::message_queue>> opened;

void enter(int) {
    opened.clear();
    for (const std::string &name : names) opened.push_back(std::make_unique<bi::message_queue>(bi::open_only, name.c_str()));
}

void make(int count, size_t bytes, size_t capacity) {
    for (int index = 0; index < count; index++) {
        names.emplace_back(own_name(index == 0 ? "queue-0" : "queue-1"));
        bi::message_queue(bi::create_only, names.back().c_str(), capacity, bytes);
    }
}

void put(int index, const void *item, size_t bytes) { opened[size_t(index)]->send(item, bytes, 0); }

void get(int index, void *item, size_t bytes) {
    bi::message_queue::size_type received;
    unsigned priority;
    opened[size_t(index)]->receive(item, bytes, received, priority);
}

void remove_all() {
    opened.clear();
    for (const std::string &name : names) bi::message_queue::remove(name.c_str());
    names.clear();
}

} // namespace

const queue message_queues = {
    guarded<make>::call, guarded<enter>::call, guarded<put>::call, guarded<get>::call, nullptr, nullptr, guarded<remove_all>::call,
};

#include "CBoost.h"
#include <chrono>
#include <cmath>
#include <cstring>

#if __has_include(<boost/interprocess/ipc/message_queue.hpp>)
#include <boost/interprocess/ipc/message_queue.hpp>
#include <string>
#include <unistd.h>

double boost_queue_pairs(long count) {
    namespace bi = boost::interprocess;
    const std::string name = "cellar-bench-boost-" + std::to_string(getpid());
    bi::message_queue::remove(name.c_str());
    double result;
    {
        bi::message_queue queue(bi::create_only, name.c_str(), 1024, 64);
        char item[64];
        std::memset(item, 1, sizeof item);
        bi::message_queue::size_type size;
        unsigned priority;
        auto start = std::chrono::steady_clock::now();
        for (long index = 0; index < count; index++) {
            std::memcpy(item, &index, sizeof index);
            queue.send(item, sizeof item, 0);
            queue.receive(item, sizeof item, size, priority);
        }
        auto end = std::chrono::steady_clock::now();
        result = std::chrono::duration<double, std::nano>(end - start).count() / double(count);
    }
    bi::message_queue::remove(name.c_str());
    return result;
}
#else
double boost_queue_pairs(long) { return std::nan(""); }
#endif

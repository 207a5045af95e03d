// Boost.Interprocess: what the files of this program share.
#pragma once

#include "../harness.h"
#include <boost/interprocess/managed_shared_memory.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace bi = boost::interprocess;

// Calls a function of this program from the harness: an exception becomes the error that is answered.
template <auto body> struct guarded;
template <class Result, class... Arguments, Result (*body)(Arguments...)> struct guarded<body> {
    static Result call(Arguments... arguments) {
        char reason[200];
        try {
            return body(arguments...);
        } catch (const std::exception &error) {
            std::snprintf(reason, sizeof reason, "%s", error.what());
        }
        stop("%s", reason);
    }
};

template <auto prepare, auto run, auto finish> constexpr work make_work(const char *name, bool own_figure = false) {
    return {name, guarded<prepare>::call, guarded<run>::call, guarded<finish>::call, own_figure};
}

// Values, locks and waking (values.cpp)
void block_prepare();
double block_load_run(uint64_t count);
double block_store_run(uint64_t count);
void block_load_written_prepare();
double block_load_written_run(uint64_t count);
void lock_prepare();
double lock_run(uint64_t count);
void lock_fought_prepare();
double lock_fought_run(uint64_t count);
void wake_prepare();
double wake_run(uint64_t count);
void values_finish();

// Named objects (names.cpp)
void lookup_prepare();
double lookup_run(uint64_t count);
void open_warm_prepare();
double open_warm_run(uint64_t count);
void memory_cell_prepare();
double memory_cell_run(uint64_t count);
void names_finish();

// The unordered map (maps.cpp)
extern const store map_store;
void memory_entry_prepare();
double memory_entry_run(uint64_t count);
void memory_entry_finish();

// The message queue (queues.cpp)
extern const queue message_queues;

#include "boost.hpp"

static const work works[] = {
    make_work<block_prepare, block_load_run, values_finish>("block-load"),
    make_work<block_prepare, block_store_run, values_finish>("block-store"),
    make_work<block_load_written_prepare, block_load_written_run, values_finish>("block-load-written"),
    make_work<lock_prepare, lock_run, values_finish>("lock"),
    make_work<lock_fought_prepare, lock_fought_run, values_finish>("lock-fought"),
    make_work<wake_prepare, wake_run, values_finish>("wake", true),
    make_work<lookup_prepare, lookup_run, names_finish>("lookup"),
    make_work<open_warm_prepare, open_warm_run, names_finish>("open-warm"),
    make_work<memory_cell_prepare, memory_cell_run, names_finish>("memory-cell", true),
    {"map-get", map_get_prepare, map_run, map_finish, false},
    {"map-set", map_set_prepare, map_run, map_finish, false},
    {"map-mixed", map_mixed_prepare, map_run, map_finish, false},
    make_work<memory_entry_prepare, memory_entry_run, memory_entry_finish>("memory-entry", true),
    {"queue-alone", queue_alone_prepare, queue_alone_run, queue_finish, false},
    {"queue", queue_prepare, queue_run, queue_finish, false},
    {"queue-batch", queue_batch_prepare, queue_run, queue_finish, false},
    {"queue-turns", queue_turns_prepare, queue_turns_run, queue_finish, false},
};

int main(int argc, char **argv) {
    use_store(&map_store);
    use_queue(&message_queues);
    return harness_main(argc, argv, works, sizeof works / sizeof *works);
}

#include "bare.h"

static const struct work works[] = {
    {"word-load", word_prepare, word_load_run, values_finish, false},
    {"word-store", word_prepare, word_store_run, values_finish, false},
    {"word-add", word_prepare, word_add_run, values_finish, false},
    {"block-load", block_load_prepare, block_load_run, values_finish, false},
    {"block-store", block_store_prepare, block_store_run, values_finish, false},
    {"block-load-written", block_load_written_prepare, block_load_written_run, values_finish, false},
    {"lock", lock_prepare, lock_run, values_finish, false},
    {"lock-fought", lock_fought_prepare, lock_fought_run, values_finish, false},
    {"lookup", lookup_prepare, lookup_run, values_finish, false},
    {"element-get", element_get_prepare, element_get_run, arrays_finish, false},
    {"element-set", element_set_prepare, element_set_run, arrays_finish, false},
    {"slice-copy", slice_copy_prepare, slice_copy_run, arrays_finish, false},
    {"scan", scan_prepare, scan_run, arrays_finish, false},
    {"bulk-in", bulk_in_prepare, bulk_in_run, arrays_finish, false},
    {"map-mixed", map_mixed_prepare, map_run, map_finish, false},
    {"queue-alone", queue_alone_prepare, queue_alone_run, queue_finish, false},
    {"wake", wake_prepare, wake_run, waking_finish, true},
    {"turns", turns_prepare, turns_run, waking_finish, false},
    {"turns-asleep", turns_asleep_prepare, turns_asleep_run, waking_finish, false},
    {"open-warm", open_warm_prepare, open_warm_run, open_finish, false},
    {"open-cold", open_cold_prepare, open_cold_run, open_finish, false},
    {"recovery", recovery_prepare, recovery_run, recovery_finish, true},
    {"checkpoint", checkpoint_prepare, checkpoint_run, checkpoint_finish, false},
};

int main(int argc, char **argv) {
    use_queue(&ring_queue);
    use_store(&entries_store);
    return harness_main(argc, argv, works, sizeof works / sizeof *works);
}

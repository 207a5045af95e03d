#define _GNU_SOURCE
#include "CProcessor.h"
#include <sched.h>
#include <string.h>

int processor_bind(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

int processor_release(void) {
    cpu_set_t set;
    memset(&set, 0xFF, sizeof set);
    return sched_setaffinity(0, sizeof set, &set);
}

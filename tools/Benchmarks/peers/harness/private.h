// What the files of the harness tell each other.
#ifndef CELLAR_COMPARE_PRIVATE_H
#define CELLAR_COMPARE_PRIVATE_H

#include "../harness.h"
#include <sys/types.h>

// The seconds that any command may take.
unsigned deadline(void);
// In a participant that was forked: leaves the reason for participant 0 and ends the process. Returns in participant 0.
void participant_fails(const char *reason);
// The reason why a participant is gone, or NULL when all are there (called from a signal handler).
const char *participant_lost(void);
void participants_end(void);
void unpin(void);

#endif

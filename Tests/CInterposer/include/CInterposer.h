// Stands between the test worker (with all its libraries) and the C library: the calls with which a store touches files,
// memory and threads come through here, since a program's own symbols go before those of its libraries.
//
// It writes down what goes to the disk, or makes one call fail. Until it is asked for either, it only passes calls on.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// What a record of the log is about.
enum interposer_record_kind {
    INTERPOSER_WRITE = 1,
    INTERPOSER_SYNC = 2,
    INTERPOSER_NAME = 3,
    INTERPOSER_UNNAME = 4,
    INTERPOSER_NOTE = 5,
};

/// The head of a record: a path of `path_length` bytes follows, then `length` bytes.
struct interposer_record {
    uint32_t kind;
    /// Of a write: the call returns when its bytes are on the disk (O_DSYNC).
    uint32_t is_synchronous;
    /// The file that is written, synced or named: a file keeps its number under another name.
    uint64_t file;
    int64_t offset;
    uint64_t length;
    uint64_t path_length;
};

/// From now on, all that changes files and names under `directory`, and that directory's own name, is written to `log`.
void interposer_record_writes(const char *directory, const char *log);
/// Writes a note of the caller's own into the log.
void interposer_note(const char *text);

/// From now on, the `number`th call that asks for something fails; `forever`: so do all later ones. 0: none.
void interposer_fail(int64_t number, bool forever);
/// How many such calls there were since, and the name of the one that failed, or null.
int64_t interposer_calls(void);
const char *interposer_failed(void);

/// From now on, the wall clock jumps about at random at each reading. CLOCK_MONOTONIC goes on as it does.
void interposer_shake_clock(void);
int64_t interposer_shaken(void);

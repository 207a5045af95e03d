/* Transactions (Segment/Transactions, Attachment/Transactions, Persistence/TransactionCheckpoint.swift).
 *
 * Modelled: a number (changed without a lock) and a block (changed under its lock) that two processes' transactions bring from
 * one version to the next together, in memory or on disk; a process that changes a part of the block of its own, under the lock alone; a
 * checkpointer; somebody who takes snapshots. Anybody but the last may be killed after any step, and the next who comes by
 * mends. The database's transactions are one step each; its lock and the others come back when their holder is killed.
 * Left out: pieces that a checkpoint passes over, because they are clean, or locked; store buffers (every ordering here is between atomic operations, or a fence on both sides); the body's reads.
 *
 * With one death; with two it can be searched to its end for one transactor alone, of two versions, and holds.
 *
 * Properties: a snapshot has both of one version; so has the disk, at any moment; a version that was to be on disk stays
 * there; what was changed under the block's lock is not lost.
 *
 * mutations: NO_RECORD NO_SEQUENCE SEQUENCE_LATE NO_DRAIN NO_WAIT NO_MENDING LIST_LATE NOT_ASKED STATE_BELIEVED
 */
#define VERSIONS 1       /* that each of the two transactors adds at most */
#ifndef DEATHS
#define DEATHS 1
#endif

#define NONE 0
#define ONDISK 1
#define COMMITTED 2
#define FREE 255

/* In memory. */
byte number = 0, block = 0, own = 0;
byte sequence = 0, state = NONE;
byte recordNumber, recordBlock, recordOwn, recordName;
bool appliedNumber, appliedBlock;
bool listed = false, drained = false;
byte lock = FREE, blockLock = FREE, diskLock = FREE;   /* who holds it */
bool dead[6];
bool blockAbandoned = false, abandoned = false;

/* On disk. */
byte diskNumber = 0, diskBlock = 0, diskOwn = 0, diskName = 0;

byte deaths = 0, names = 0;
byte seenName, seenState, seenRecord, seenOwnPart;   /* of who mends, who is alone at it */
bool seenApplied, isThere;
byte durable = 0;          /* ghost: the newest version that a call returned with, and that was to be on disk */
byte owned = 0;            /* ghost: changes of the block's own part */

#define DISK_IS_WHOLE assert(diskNumber == diskBlock); assert(diskNumber >= durable)

/* A process dies: the kernel gives its locks back, marked; LMDB drops its transaction. */
#define MAYBE_DIE(me) if :: deaths < DEATHS -> \
    atomic { deaths++; \
        if :: lock == me -> lock = FREE; abandoned = true :: else fi; \
        if :: blockLock == me -> blockLock = FREE; blockAbandoned = true :: else fi; \
        if :: diskLock == me -> diskLock = FREE :: else fi; \
        goto died } \
    :: true fi

/* Who takes the block's lock over from the dead makes its pending change. */
inline takeBlock(me) {
    atomic { blockLock == FREE -> blockLock = me };
    if
    :: blockAbandoned ->
#ifndef NO_MENDING
        /* What is on record for the block, of a record that stands still; then the database's answer. The state may be
         * another transaction's by then. */
        atomic { seenName = recordName; seenState = state; seenRecord = recordBlock; seenOwnPart = recordOwn; seenApplied = appliedBlock };
        if
        :: seenState == NONE || seenApplied
        :: else ->
            atomic { isThere = (seenState == COMMITTED || diskName == seenName) };
#ifdef STATE_BELIEVED
            isThere = (state == COMMITTED);
#else
            isThere = isThere && recordName == seenName;
#endif
            if
            :: isThere ->
                atomic { block = seenRecord; own = seenOwnPart };
                MAYBE_DIE(me);
                appliedBlock = true
            :: else
            fi
        fi;
#endif
        blockAbandoned = false
    :: else
    fi
}

/* Who takes the transactions' lock finishes what a dead holder left. */
inline takeLock(me) {
    atomic { lock == FREE -> lock = me };
    if
    :: state != NONE || sequence % 2 == 1 || abandoned ->
        if
        :: state == ONDISK ->
#ifdef NOT_ASKED
            state = NONE
#else
            atomic { if :: diskName == recordName -> state = COMMITTED :: else -> state = NONE fi }
#endif
        :: else
        fi;
        MAYBE_DIE(me);
        if
        :: state == COMMITTED ->
            if :: !appliedNumber -> number = recordNumber; MAYBE_DIE(me); appliedNumber = true :: else fi;
            takeBlock(me);
            if
            :: !appliedBlock -> atomic { block = recordBlock; own = recordOwn }; MAYBE_DIE(me); appliedBlock = true
            :: else
            fi;
            atomic { blockLock = FREE };
            MAYBE_DIE(me);
            state = NONE
        :: else
        fi;
        MAYBE_DIE(me);
        if :: sequence % 2 == 1 -> sequence++ :: else fi;
        abandoned = false
    :: else
    fi
}

proctype transactor(byte me) {
    byte n = 0, version;
    bool onDisk;
    do
    :: n < VERSIONS ->
        n++;
        if :: onDisk = true :: onDisk = false fi;
        if :: onDisk -> atomic { diskLock == FREE -> diskLock = me } :: else fi;
        takeLock(me);
        version = number + 1;
        takeBlock(me);
        MAYBE_DIE(me);
#ifndef LIST_LATE
        if :: !onDisk -> listed = true :: else fi;
#endif
#ifndef NO_RECORD
        atomic {
            names++; recordName = names; recordNumber = version; recordBlock = version; recordOwn = own;
            appliedNumber = false; appliedBlock = false
        };
        MAYBE_DIE(me);
#endif
#ifndef NO_SEQUENCE
#ifndef SEQUENCE_LATE
        sequence++;
        MAYBE_DIE(me);
#endif
#endif
        if
        :: onDisk ->
#ifndef NO_RECORD
            state = ONDISK;
            MAYBE_DIE(me);
#endif
            /* With it goes what was listed, as it is: of one moment, under the lock. */
            atomic {
                diskNumber = version; diskBlock = version; diskOwn = own; diskName = recordName; diskLock = FREE;
                DISK_IS_WHOLE
            };
            MAYBE_DIE(me)
        :: else
        fi;
#ifndef NO_RECORD
        state = COMMITTED;
        MAYBE_DIE(me);
#endif
        if :: onDisk -> atomic { listed = false; drained = false } :: else fi;
        number = version;
        MAYBE_DIE(me);
#ifdef SEQUENCE_LATE
        sequence++;
        MAYBE_DIE(me);
#endif
        block = version;
        MAYBE_DIE(me);
#ifdef LIST_LATE
        if :: !onDisk -> listed = true :: else fi;
#endif
        state = NONE;
        MAYBE_DIE(me);
#ifndef NO_SEQUENCE
        sequence++;
        MAYBE_DIE(me);
#endif
        atomic { blockLock = FREE };
        MAYBE_DIE(me);
        atomic { lock = FREE; if :: onDisk && durable < version -> durable = version :: else fi }
    :: n == VERSIONS -> break
    od;
died: skip
}

/* Changes its own part of the block. */
proctype owner(byte me) {
    takeBlock(me);
    MAYBE_DIE(me);
    atomic { own++; owned++ };
    MAYBE_DIE(me);
    blockLock = FREE;
died: skip
}

proctype checkpointer(byte me) {
    byte n = 0, seenNumber, seenBlock, seenOwn;
    bool isFailing, hasDrained;
    do
    :: n < 1 ->
        n++;
        hasDrained = false;
        atomic { diskLock == FREE -> diskLock = me };
#ifndef NO_WAIT
        if
        :: state != NONE -> takeLock(me); lock = FREE
        :: else
        fi;
#endif
        MAYBE_DIE(me);
        seenNumber = number;
        atomic { seenBlock = block; seenOwn = own };
#ifndef NO_DRAIN
        if
        :: listed || drained ->
            takeLock(me);
            drained = true;
            MAYBE_DIE(me);
            listed = false;
            MAYBE_DIE(me);
            seenNumber = number;
            atomic { seenBlock = block; seenOwn = own };
            hasDrained = true;
            lock = FREE
        :: else
        fi;
#endif
        MAYBE_DIE(me);
        /* The database is full, say. */
        if :: isFailing = true :: isFailing = false fi;
        atomic {
            if
            :: !isFailing -> diskNumber = seenNumber; diskBlock = seenBlock; diskOwn = seenOwn; DISK_IS_WHOLE
            :: else
            fi;
            diskLock = FREE
        };
        MAYBE_DIE(me);
        if
        :: hasDrained && !isFailing ->
            takeLock(me);
            if :: !listed -> drained = false :: else fi;
            lock = FREE
        :: else
        fi
    :: n == 1 -> break
    od;
died: skip
}

proctype looker() {
    byte start, a, b;
    start = sequence;
    if
    :: start % 2 == 0 ->
        a = number;
        b = block;
        if :: sequence == start -> assert(a == b) :: else fi
    :: else
    fi
}

/* At the end somebody opens the store, and finds all of it whole. */
proctype opener(byte me) {
    takeLock(me);
    assert(number == block);
    assert(own == owned);
    lock = FREE;
died: skip
}

init {
    atomic { run transactor(0); run transactor(1); run owner(2); run checkpointer(3); run looker() };
    _nr_pr == 1;
    deaths = DEATHS;
    run opener(4)
}

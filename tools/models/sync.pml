/* Waiting for a checkpoint (Persistence/CheckpointGate.swift, Attachment/Attachment+Sync.swift).
 *
 * Modelled: processes that ask for a pass and wait; checkpointers one after the other, each of which may be killed within
 * a pass; passes that fail.
 * Left out: the futexes (waiting is looking again), and what a pass writes.
 *
 * Property: who is told that it is on disk is covered by a pass that began after the question and succeeded; who is told
 * of a failure, by one that failed. And whoever asks is told.
 *
 * mutations: TARGET_TOO_LOW SUCCESS_FIRST ENDED_FIRST
 */
#define WAITERS 2
#define PASSES 5

byte requested = 0, begun = 0, ended = 0, succeeded = 0;
byte newestBegun = 0;       /* ghosts: the order of things */
byte newestFailed = 0;
byte told = 0;
bool isOver = false;      /* the model has no more passes */

proctype waiter() {
    byte target, asked;
    bool ok;
    asked = newestBegun;
    target = begun + 1;
#ifdef TARGET_TOO_LOW
    target = begun;
#endif
    atomic { if :: requested < target -> requested = target :: else fi };
    do
    ::
#ifdef SUCCESS_FIRST
       ok = (succeeded >= target);
       if :: ok -> break :: else fi;
       if :: ended >= target -> break :: else fi
#else
       if :: ended >= target -> ok = (succeeded >= target); break :: else fi
#endif
       ;
       if :: isOver -> goto out :: else fi
    od;
    if
    :: ok -> assert(succeeded > asked)
    :: else -> assert(newestFailed >= target)
    fi;
out: atomic { told++ }
}

active proctype checkpointers() {
    byte pass;
    do
    :: begun < PASSES && (requested > begun || begun > ended || told < WAITERS) ->
        begun++;
        pass = begun;
        newestBegun = pass;
        if
        :: skip             /* goes well */
#ifdef ENDED_FIRST
           -> ended = pass; succeeded = pass
#else
           -> succeeded = pass; ended = pass
#endif
        :: skip -> newestFailed = pass; ended = pass
        :: begun < PASSES   /* killed: the successor begins another pass */
        fi
    :: begun == PASSES -> isOver = true; break
    :: told == WAITERS -> break
    od
}

init { atomic { run waiter(); run waiter() } }

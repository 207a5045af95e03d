/* Waiting for a checkpoint (Persistence/CheckpointGate.swift, Checkpointer.swift, Attachment/Attachment+Sync.swift).
 *
 * Modelled: processes that ask for a pass and wait; checkpointers one after the other, each of which may be killed within
 * a pass, also between the two words that say how it ended; passes that fail; passes that nobody asked for.
 * Left out: the futexes (waiting is looking again), and what a pass writes. That a killed checkpointer's death is counted
 * is one step here (Keeper.patrol); deaths, failures and passes for changes are few.
 *
 * Property: who is told that it is on disk is covered by a pass that began after the question and succeeded; who is told
 * of a failure, by one that failed. And whoever asks is told: otherwise the model hangs.
 *
 * mutations: TARGET_TOO_LOW SUCCESS_FIRST ENDED_FIRST
 * hanging mutations: DEATH_NOT_COUNTED NOT_WANTED
 */
#define WAITERS 2
#define DEATHS 2
#define FAILURES 2
#define CHANGES 1

byte requested = 0, begun = 0, ended = 0, succeeded = 0;
byte verify = 0, verified = 0;
byte newestFailed = 0;      /* ghost */
byte deaths = 0, failures = 0, changes = 0;

proctype waiter() {
    byte target, asked;
    bool ok;
    asked = begun;
    target = begun + 1;
#ifdef TARGET_TOO_LOW
    target = begun;
#endif
    atomic { if :: requested < target -> requested = target :: else fi };
#ifdef SUCCESS_FIRST
    do
    :: ok = (succeeded >= target);
       if :: ok || ended >= target -> break :: else fi
    od;
#else
    ended >= target;
    ok = (succeeded >= target);
#endif
    if
    :: ok -> assert(succeeded > asked)
    :: else -> assert(newestFailed >= target)
    fi
}

#define WANTED (requested == begun + 1 || verify != verified)
#ifdef DEATH_NOT_COUNTED
#define MAY_DIE if :: deaths < DEATHS -> deaths++; goto next :: skip fi
#else
#define MAY_DIE if :: deaths < DEATHS -> atomic { deaths++; verify++ }; goto next :: skip fi
#endif

active proctype checkpointers() {
    byte pass, seen;
end:
next:
    do
    :: atomic {
        if
#ifndef NOT_WANTED
        :: WANTED
#endif
        :: changes < CHANGES -> changes++
        fi
       };
        begun++;
        pass = begun;
        MAY_DIE;
        seen = verify;
        if
        :: verified = seen;
           MAY_DIE;
#ifdef ENDED_FIRST
           ended = pass;
           MAY_DIE;
           succeeded = pass
#else
           succeeded = pass;
           MAY_DIE;
           ended = pass
#endif
        :: failures < FAILURES -> failures++; newestFailed = pass; ended = pass
        fi
    od
}

init { atomic { run waiter(); run waiter() } }

/* Watching a piece (Segment/WatchWord.swift, DirtyMark.swift, Watchers.swift, Attachment/Watchable.swift).
 *
 * Modelled: two writers of two words of one piece, whose stores wait in their processors' store buffers while their loads
 * go ahead (x86-TSO; atomic operations empty the buffer), and of which the first may be killed after any step; a checkpoint
 * that takes the mark; a watcher that arms, passes a barrier, looks, and sleeps on the count, and one that only arms; and who
 * sweeps after a death, and may be killed too. What a writer tells the checkpointer is in marks.pml.
 * Left out: the word that the chunks of an array have in common, which moves on in the step before each wake.
 *
 * Properties: as long as the count is the one that was armed at, a watcher has seen all that was stored, up to writers
 * that have not come to the end of their slow path; and when everybody rests, nobody sleeps who has not seen the last.
 *
 * mutations: NO_BARRIER QUIET_ALWAYS ARM_LEAVES_QUIET LOOK_FIRST COUNT_AFTER TAKE_DROPS_WATCHED NO_SWEEP NO_WAKING ANYBODY_CLEARS_WAKING WAKE_FIRST
 */
/* Of the first writer; the second one makes one less. */
#define WRITES 2
#ifndef LOOKS
#define LOOKS 2
#endif
#ifndef PASSES
#define PASSES 1
#endif

byte value[2], buffered[2];
bool isBuffered[2];
bool quiet = true, dirty = true, taken = false, watched = false, waking = false;
byte version = 0, count = 0;
bool asleep = false;
byte stored[2];             /* ghost: written, and its writer went on */
bool isDead = false;

#define FLUSH(me) if :: isBuffered[me] -> value[me] = buffered[me]; isBuffered[me] = false :: else fi
#define WAKE asleep = false

active proctype storeBuffers() {
end: do
    :: atomic { isBuffered[0] -> value[0] = buffered[0]; isBuffered[0] = false }
    :: atomic { isBuffered[1] -> value[1] = buffered[1]; isBuffered[1] = false }
    od
}

/* What the kernel writes back of a process that died is in memory before anybody learns of the death. */
#define MAY_DIE if :: atomic { me == 0 -> FLUSH(me); n = 0; sawVersion = 0; sawCount = 0; sawTaken = false; sawWaking = false; moved = false; isDead = true }; goto dead :: skip fi

proctype writer(byte me) {
    byte n = 0, sawVersion, sawCount;
    bool sawTaken, sawWaking, moved;
    do
    :: n < WRITES - me ->
        atomic { n++; FLUSH(me); buffered[me] = n; isBuffered[me] = true };
        MAY_DIE;
        if
        :: quiet
        :: else ->
#ifdef WAKE_FIRST
            atomic { FLUSH(me); WAKE };
#endif
            /* The two steps of the code, or-ing and then moving on where it is watched, are one: it repeats if they differ. */
            atomic {
                FLUSH(me);
                dirty = true; moved = false;
                if
                :: watched -> watched = false; count++; moved = true; waking = true
                :: else
                fi;
                sawVersion = version; sawTaken = taken; sawCount = count; sawWaking = waking
            };
            MAY_DIE;
#ifndef WAKE_FIRST
            if :: moved -> WAKE :: else fi;
            MAY_DIE;
#endif
            atomic {
                if
#ifdef QUIET_ALWAYS
                :: true ->
#else
                :: !watched && dirty && version == sawVersion && taken == sawTaken && count == sawCount && waking == sawWaking ->
#endif
                    quiet = true;
#ifdef ANYBODY_CLEARS_WAKING
                    waking = false
#else
                    if :: moved -> waking = false :: else fi
#endif
                :: else
                fi
            }
        fi;
        atomic { !isBuffered[me] -> stored[me] = n; sawVersion = 0; sawCount = 0; sawTaken = false; sawWaking = false; moved = false }
    :: n == WRITES - me -> break
    od;
dead: skip
}

active proctype checkpointer() {
    byte pass = 0;
    do
    :: pass < PASSES ->
        pass++;
        if
        :: atomic { dirty -> dirty = false; quiet = false; version++; taken = true };
#ifdef TAKE_DROPS_WATCHED
           watched = false;
#endif
           taken = false
        :: skip
        fi
    :: pass == PASSES -> break
    od
}

#ifndef NO_SWEEP
active proctype sweeper() {
    bool mayDie = true;
    byte mine;
end: isDead;
again:
    do
#ifdef NO_WAKING
    :: atomic { watched -> watched = false; waking = true; count++; mine = count };
#else
    :: atomic { (watched || waking) -> watched = false; waking = true; count++; mine = count };
#endif
       if :: mayDie -> mayDie = false; goto again :: skip fi;
       WAKE;
       if :: mayDie -> mayDie = false; goto again :: skip fi;
       atomic { if :: count == mine && !watched -> waking = false :: else fi };
       break
#ifdef NO_WAKING
    :: !watched -> break
#else
    :: !watched && !waking -> break
#endif
    od
}
#endif

/* As long as the count is that of the look, nothing was missed. */
#define HOLDS(mine) (count != mine || (saw[0] >= stored[0] && saw[1] >= stored[1]))

byte saw[2];                /* what the watcher saw last */

active proctype watcher() {
    byte looks = 0, mine;
    do
    :: looks < LOOKS ->
        looks++;
#ifdef LOOK_FIRST
        saw[0] = value[0];
        saw[1] = value[1];
#endif
        atomic {
            watched = true;
#ifndef ARM_LEAVES_QUIET
            quiet = false;
#endif
            mine = count
        };
#ifndef NO_BARRIER
        atomic { FLUSH(0); FLUSH(1) };
#endif
#ifdef COUNT_AFTER
        mine = count;
#endif
#ifndef LOOK_FIRST
        saw[0] = value[0];
        saw[1] = value[1];
#endif
        do
        :: atomic {
            count == mine ->
            assert(HOLDS(mine));
            asleep = true
           };
endAsleep: !asleep
        :: count != mine -> break
        od;
        atomic { mine = 0; saw[0] = 0; saw[1] = 0 }
    :: looks == LOOKS -> break
    od
}

/* Another watcher, which is stopped when it has armed. */
active proctype other() {
    atomic { watched = true; quiet = false }
}

/* When nobody can go on: whoever sleeps has seen the last. */
active proctype rest() {
end: timeout;
    assert(!asleep || saw[0] >= value[0] && saw[1] >= value[1])
}

init { atomic { run writer(0); run writer(1) } }

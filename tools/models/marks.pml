/* Dirty marks and checkpoints (Segment/DirtyMark.swift, CellTable.swift, Persistence/Checkpointer.swift and its parts).
 *
 * Modelled: two writers of two words of one piece (a chunk of an array), whose stores wait in their processors' store
 * buffers while their loads go ahead (x86-TSO; atomic operations empty the buffer); checkpointers one after the other, each
 * of which may be killed after any step, and whose successor puts back what it took. The database's commit is one step.
 * Somebody arms the piece once, at any time, which silences quiet and has a writer move the count on: watch.pml is about him.
 * Left out: more than one cell; a writer's own death, after which everything is compared (see Keeper.patrol).
 *
 * Property: when a pass ends well, the disk has at least what had been stored when it began. (A store has been made once
 * it left the buffer and its writer went on.)
 *
 * mutations: NO_BARRIER QUIET_FIRST NO_VERSION NO_TAKEN NO_PUT_BACK PUT_BACK_CLEARS_FIRST READ_FIRST CLEAR_AFTER MOVES_ON_WITHOUT_DIRTY
 */
#ifndef PASSES
#define PASSES 2
#endif
#define WRITES 2
#define DEATHS 2         /* so that a successor can die while it takes over */

byte value[2], buffered[2], disk[2];
bool isBuffered[2];
bool quiet = false, dirty = false, taken = false;
byte version = 0;
bool watched = false;
bit count = 0;
bool cellDirty = false, cellTaken = false;
byte stored[2];             /* ghost */
byte deaths = 0;

#define FLUSH(me) if :: isBuffered[me] -> value[me] = buffered[me]; isBuffered[me] = false :: else fi

active proctype storeBuffers() {
end: do
    :: atomic { isBuffered[0] -> value[0] = buffered[0]; isBuffered[0] = false }
    :: atomic { isBuffered[1] -> value[1] = buffered[1]; isBuffered[1] = false }
    od
}

/* Compare-and-swap from the very mark that was left. */
#ifdef MOVES_ON_WITHOUT_DIRTY
#define LEFT_DIRTY true
#else
#define LEFT_DIRTY dirty
#endif
inline becomeQuiet(me) {
#ifdef NO_VERSION
    atomic { FLUSH(me); quiet = true }
#else
    atomic { FLUSH(me); if :: version == sawVersion && taken == sawTaken && count == sawCount && !watched && LEFT_DIRTY -> quiet = true :: else fi }
#endif
}

proctype writer(byte me) {
    byte n = 0, sawVersion;
    bool sawTaken;
    bit sawCount;
    do
    :: n < WRITES ->
        n++;
        atomic { FLUSH(me); buffered[me] = n; isBuffered[me] = true };
        if
        :: quiet
        :: else ->
            /* Or-ing, and moving on where it is watched, which sets dirty once more: another may have taken it in between. */
            atomic { FLUSH(me); dirty = true; sawVersion = version; sawTaken = taken; sawCount = count };
            if
            :: watched ->
                atomic {
                    FLUSH(me);
                    if :: watched -> watched = false; count++ :: else fi;
#ifndef MOVES_ON_WITHOUT_DIRTY
                    dirty = true;
#endif
                    sawVersion = version; sawTaken = taken; sawCount = count
                }
            :: else
            fi;
#ifdef QUIET_FIRST
            becomeQuiet(me);
            cellDirty = true
#else
            atomic { FLUSH(me); cellDirty = true };
            becomeQuiet(me)
#endif
        fi;
        atomic { !isBuffered[me] -> stored[me] = n; sawVersion = 0; sawTaken = false; sawCount = 0 }
    :: n == WRITES -> break
    od
}

#define MAY_DIE if :: deaths < DEATHS -> deaths++; goto again :: skip fi

active proctype checkpointers() {
    byte pass = 0, must[2], copy[2];
    bool mine;
again:
    /* Take over. What is of no more use is made 0 here and below, so that there are fewer states. */
    atomic { must[0] = 0; must[1] = 0; copy[0] = 0; copy[1] = 0; mine = false };
#ifndef NO_PUT_BACK
    if
    :: cellTaken ->
#ifdef PUT_BACK_CLEARS_FIRST
        if :: taken -> taken = false; MAY_DIE; dirty = true :: else fi;
#else
        if :: taken -> dirty = true; MAY_DIE; taken = false :: else fi;
#endif
        MAY_DIE;
        cellDirty = true;
        MAY_DIE;
        cellTaken = false
    :: else
    fi;
#endif
    do
    :: pass < PASSES ->
        atomic { pass++; must[0] = stored[0]; must[1] = stored[1] };
        if
        :: cellDirty ->
#ifndef CLEAR_AFTER
            cellTaken = true;
            MAY_DIE;
            cellDirty = false;
            MAY_DIE;
#endif
#ifdef READ_FIRST
            copy[0] = value[0];
            copy[1] = value[1];
#endif
            atomic {
                if
                :: dirty ->
                    dirty = false; quiet = false; version++;
#ifndef NO_TAKEN
                    taken = true;
#endif
                    mine = true
                :: else -> mine = taken
                fi
            };
            MAY_DIE;
#ifndef NO_BARRIER
            atomic { FLUSH(0); FLUSH(1) };
#endif
#ifndef READ_FIRST
            copy[0] = value[0];
            copy[1] = value[1];
#endif
            MAY_DIE;
            atomic { if :: mine -> disk[0] = copy[0]; disk[1] = copy[1] :: else fi };
            MAY_DIE;
            taken = false;
            MAY_DIE;
            cellTaken = false;
#ifdef CLEAR_AFTER
            cellDirty = false
#endif
        :: else
        fi;
        atomic {
            assert(disk[0] >= must[0] && disk[1] >= must[1]);
            must[0] = 0; must[1] = 0; copy[0] = 0; copy[1] = 0; mine = false
        }
    :: pass == PASSES -> break
    od
}

active proctype armer() {
    atomic { watched = true; quiet = false }
}

init { atomic { run writer(0); run writer(1) } }

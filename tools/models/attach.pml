/* Finding or making the segment (Attachment/Opening.swift, Segment/Segment+Birth.swift).
 *
 * Modelled: processes that open a store and leave it, each of which may be killed after any step (which gives up its file
 * locks); somebody who removes the segment's name from outside, once.
 * Left out: what the segment holds, restarts of the machine (nobody is attached then).
 *
 * Property: all who are attached are attached to the same segment, and to one that was finished.
 *
 * mutations: NO_OPEN_LOCK NO_ALIVE_LOCK MAGIC_FIRST ALIVE_LATE
 */
#define OPENERS 3
#define NONE 255

byte openLock = NONE;       /* who has the lock under which stores are opened */
byte alive = 0;             /* how many hold the lock of those who are attached */
byte object = NONE;         /* the segment under the name */
byte made = 0;
bool magic[6], filled[6];
byte attachedTo[OPENERS];
bool removed = false;

inline leave(me) {
    atomic {
        if :: attachedTo[me] != NONE -> attachedTo[me] = NONE :: else fi;
        if :: holds -> alive--; holds = false :: else fi;
        if :: openLock == me -> openLock = NONE :: else fi
    }
}
#define MAY_DIE if :: skip :: goto dead fi

proctype opener(byte me) {
    byte mine, times = 0;
    bool isAlone, holds = false;
    attachedTo[me] = NONE;
again:
    if :: times == 2 -> goto out :: else -> times++ fi;
#ifndef NO_OPEN_LOCK
    atomic { openLock == NONE -> openLock = me };
#endif
    MAY_DIE;
    isAlone = (alive == 0);
    MAY_DIE;
    mine = object;
    if
    :: mine != NONE && magic[mine]
#ifdef ALIVE_LATE
        -> skip
#else
        -> atomic { alive++; holds = true }
#endif
    :: else ->
#ifndef NO_ALIVE_LOCK
        if :: !isAlone -> leave(me); goto again :: else fi;
#endif
        if :: made == 6 -> leave(me); goto out :: else fi;
        object = NONE;
        MAY_DIE;
        atomic { mine = made; made++; object = mine };
#ifdef MAGIC_FIRST
        magic[mine] = true;
#endif
        MAY_DIE;
        filled[mine] = true;
        MAY_DIE;
        magic[mine] = true;
        MAY_DIE;
#ifndef ALIVE_LATE
        atomic { alive++; holds = true }
#endif
    fi;
    MAY_DIE;
#ifndef NO_OPEN_LOCK
    openLock = NONE;
#endif
#ifdef ALIVE_LATE
    MAY_DIE;
    atomic { alive++; holds = true };
#endif
    atomic {
        attachedTo[me] = mine;
        assert(filled[mine]);
        assert(attachedTo[0] == NONE || attachedTo[0] == mine);
        assert(attachedTo[1] == NONE || attachedTo[1] == mine);
        assert(attachedTo[2] == NONE || attachedTo[2] == mine)
    };
    MAY_DIE;
dead:
    leave(me);
    goto again;
out: skip
}

active proctype vandal() {
    if :: atomic { object != NONE -> object = NONE; removed = true } :: skip fi
}

init {
    byte index;
    atomic {
        for (index : 0 .. OPENERS - 1) { attachedTo[index] = NONE };
        run opener(0); run opener(1); run opener(2)
    }
}

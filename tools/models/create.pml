/* Making a cell under a name (Segment/Catalog.swift, Allocator.swift, Intent.swift, Directory.swift).
 *
 * Modelled: processes that want a cell under one name, each of which may be killed after any step; the next to get the
 * allocation lock mends first, and may be killed in that too; a reader without a lock.
 * Left out: types, the directory's growth, the order of stores (the lock's hand-over and release stores order them).
 *
 * Property: at most one cell has the name, a reader finds it whole, and once all is mended every block is the cell's or
 * free, and the count is right.
 *
 * mutations: NO_INTENT INTENT_LATE PUBLISH_FIRST NO_MENDING FREE_TWICE
 */
#define CREATORS 3
#define BLOCKS 3
#define NONE 255

bool locked = false;
bool isFree[BLOCKS];
byte content[BLOCKS];       /* 2 = whole */
byte directory = NONE, table = NONE;
byte intentBlock = NONE;
bool intent = false;
byte count = 0;
byte given = 0;             /* ghost: how often a block was put on the free list that was there */
byte left = CREATORS;

#define MAY_DIE if :: skip :: goto dead fi

inline lock() { atomic { !locked -> locked = true } }

inline mend() {
#ifndef NO_MENDING
    if
    :: intent ->
        if
        :: directory == intentBlock
        :: else ->
            if :: table == intentBlock -> table = NONE :: else fi;
            MAY_DIE;
#ifndef FREE_TWICE
            if :: !isFree[intentBlock] -> content[intentBlock] = 0; isFree[intentBlock] = true :: else fi;
#else
            if :: isFree[intentBlock] -> given++ :: else fi;
            content[intentBlock] = 0; isFree[intentBlock] = true;
#endif
        fi;
        MAY_DIE;
        count = (directory != NONE -> 1 : 0);
        MAY_DIE;
        intent = false
    :: else
    fi
#else
    skip
#endif
}

proctype creator() {
    byte block;
    lock();
    mend();
    MAY_DIE;
    if
    :: directory != NONE -> goto dead
    :: else
    fi;
    atomic {
        if
        :: isFree[0] -> block = 0
        :: !isFree[0] && isFree[1] -> block = 1
        :: else -> block = 2
        fi
    };
#ifndef INTENT_LATE
    intentBlock = block;
    MAY_DIE;
#ifndef NO_INTENT
    intent = true;
#endif
    MAY_DIE;
    isFree[block] = false;
    MAY_DIE;
#else
    isFree[block] = false;
    MAY_DIE;
    intentBlock = block;
    intent = true;
    MAY_DIE;
#endif
#ifdef PUBLISH_FIRST
    directory = block;
    MAY_DIE;
#endif
    content[block] = 1;
    MAY_DIE;
    content[block] = 2;
    MAY_DIE;
    table = block;
    MAY_DIE;
    directory = block;
    MAY_DIE;
    count++;
    MAY_DIE;
    intent = false;
dead:
    atomic { locked = false; left-- }
}

active proctype reader() {
    byte block, times = 0;
    do
    :: times < 2 ->
        block = directory;
        if :: block != NONE -> assert(content[block] == 2) :: else fi;
        times++
    :: times == 2 -> break
    od
}

/* The last one, who lives: mends, and looks at everything. */
active proctype last() {
    byte index, used = 0;
    left == 0;
    lock();
    mend();
    assert(!intent);
    assert(given == 0);
    if
    :: directory == NONE -> assert(count == 0 && table == NONE)
    :: else -> assert(count == 1 && table == directory && content[directory] == 2 && !isFree[directory]); used = 1
    fi;
    for (index : 0 .. BLOCKS - 1) { if :: !isFree[index] && index != directory -> assert(false) :: else fi }
    goto end_;
dead: skip;
end_: skip
}

init {
    byte index;
    atomic {
        for (index : 0 .. BLOCKS - 1) { isFree[index] = true };
        for (index : 1 .. CREATORS) { run creator() }
    }
}

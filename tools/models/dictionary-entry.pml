/* One bucket of a dictionary (Segment/Dictionary/Bucket.swift, StripeWriter.swift, DictionaryReader.swift, StripeMemory.swift).
 *
 * Modelled: holders of the stripe's lock, one after the other, who set a key's value, or first remove the entry (as those
 * do who find it expired, or evict it) and then set it again without letting the lock go, or only remove it; each may be killed
 * after any step, and so may who mends after it; blocks that are used again at once; a reader without a lock; stores that
 * become visible in any order, except across a fence or before a release store (weaker than x86). The lock's hand-over waits
 * for the stores of who had it, as the kernel and the C library see to. What only the lock's holder looks at (intent, list of
 * free blocks, count) is plain.
 * Left out: other keys, tags, the bucket's being rebuilt (dictionary-split.pml), loads out of order but for the reader's
 * second look (see NO_ACQUIRE).
 *
 * Properties: what a reader returns is one value, whole, or absence; neither older than the newest change that had ended when it
 * began, nor newer than the newest that has begun. When the lock is free, each block is in use or on the list, once, and the
 * count is right.
 *
 * mutations: NO_FREE_FENCE NO_SLOT_FENCE NO_RELEASE_STORE NO_ACQUIRE NO_SECOND_LOOK SAME_SLOT TAKE_FIRST FREE_BEFORE_COMMIT LIST_TWICE NO_MENDING UNDO_ALWAYS FINISH_ALWAYS COUNT_EARLY
 */
#ifndef SECTIONS
#define SECTIONS 3
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#define READS 1

/* Words that others look at: the state (two occupied bits, and the version above them), two words of each of two slots, and two
 * of each of two blocks. A plain entry is in its slot; of another one the slot has the block and a word of its own. */
#define S 0
#define SLOT(i, w) (1 + 2 * (i) + w)
#define BLOCK(b, w) (3 + 2 * (b) + w)
#define WORDS 9
byte mem[WORDS], waiting[WORDS];
bool isWaiting[WORDS];

bool isPlain = false;

/* Under the lock. Lists: 0 is none. */
byte head = 1, next[3];
byte operation = 0, newSlot = 0, oldSlot = 0, block = 0, countAfter = 0, count = 0;

/* Ghosts: changes are numbered; a value is the number of the change that set it. */
byte begun = 0, ended = 0, working = 0, deaths = 0;
bool isRemoval[8];

#define DRAINED (!isWaiting[0] && !isWaiting[1] && !isWaiting[2] && !isWaiting[3] && !isWaiting[4] && !isWaiting[5] && !isWaiting[6] && !isWaiting[7] && !isWaiting[8])
#define FENCE (DRAINED)
/* One that waits already may be seen before the next, or never. */
#define STORE(x, v) atomic { if :: isWaiting[x] -> mem[x] = waiting[x] :: skip fi; waiting[x] = v; isWaiting[x] = true }
#define LATEST(x) (isWaiting[x] -> waiting[x] : mem[x])
#define SHOW(x) atomic { isWaiting[x] -> mem[x] = waiting[x]; waiting[x] = 0; isWaiting[x] = false }

active proctype visibility() {
end: do :: SHOW(0) :: SHOW(1) :: SHOW(2) :: SHOW(3) :: SHOW(4) :: SHOW(5) :: SHOW(6) :: SHOW(7) :: SHOW(8) od
}

#define OCCUPIED(i) ((LATEST(S) >> i) & 1)
#define VERSION (LATEST(S) & 252)
#define MAY_DIE if :: deaths < DEATHS -> atomic { deaths++; goto dead } :: skip fi

/* The link to the next free block is the block's first word. */
#ifdef NO_FREE_FENCE
#define FREE_FENCE skip
#else
#define FREE_FENCE FENCE
#endif
#ifdef LIST_TWICE
#define GIVE_BACK(b) atomic { freed = b; next[freed] = head }; FREE_FENCE; STORE(BLOCK(freed, 0), 63); MAY_DIE; head = freed
#else
#define GIVE_BACK(b) if :: head == b :: else -> atomic { freed = b; next[freed] = head }; FREE_FENCE; STORE(BLOCK(freed, 0), 63); MAY_DIE; head = freed fi
#endif

/* Slot `new - 1` gets the entry, that of slot `old - 1` goes. 0: none. */
#define BEGIN(new, old, after) \
    atomic { newSlot = new; oldSlot = old; block = 0; countAfter = after }; MAY_DIE; operation = 1; MAY_DIE
#ifdef COUNT_EARLY
#define END operation = 0; MAY_DIE; count = countAfter
#else
#define END count = countAfter; MAY_DIE; operation = 0
#endif
#define NUMBER(removal) atomic { begun++; working = begun; isRemoval[begun] = removal }
#define SETTLED atomic { FENCE; ended = working; working = 0 }

proctype holders() {
    byte sections, old, new, taken, freed;
    do
    :: sections < SECTIONS || operation != 0 ->
        atomic { FENCE; old = 0; new = 0; taken = 0; freed = 0 };
#ifndef NO_MENDING
        if
        :: operation != 0 ->
            /* recoverPut */
            if
#ifdef UNDO_ALWAYS
            :: false ->
#else
#ifdef FINISH_ALWAYS
            :: true ->
#else
            :: (newSlot != 0 && OCCUPIED(newSlot - 1)) || (newSlot == 0 && !OCCUPIED(oldSlot - 1)) ->
#endif
#endif
                if
                :: oldSlot != 0 && !isPlain && LATEST(SLOT(oldSlot - 1, 0)) != 0 ->
                    GIVE_BACK(LATEST(SLOT(oldSlot - 1, 0)))
                :: else
                fi;
                MAY_DIE;
                if :: working != 0 -> ended = working; working = 0 :: else fi
            :: else ->
                countAfter = count;
                MAY_DIE;
                if :: block != 0 -> GIVE_BACK(block) :: else fi;
                MAY_DIE;
                working = 0
            fi;
            END
        :: else -> working = 0
        fi;
#else
        operation = 0;
        working = 0;
#endif
        if :: sections == SECTIONS -> goto unlock :: else -> sections++ fi;
        if
        :: OCCUPIED(0) || OCCUPIED(1) ->
            old = (OCCUPIED(0) -> 1 : 2);
            if
            :: skip                           /* set */
            :: true ->                        /* remove, and perhaps set */
                NUMBER(true);
                BEGIN(0, old, count - 1);
#ifdef FREE_BEFORE_COMMIT
                if :: isPlain :: else -> GIVE_BACK(LATEST(SLOT(old - 1, 0))) fi;
                MAY_DIE;
#endif
#ifndef NO_RELEASE_STORE
                FENCE;
#endif
                STORE(S, VERSION + 4);
                MAY_DIE;
#ifndef FREE_BEFORE_COMMIT
                if :: isPlain :: else -> GIVE_BACK(LATEST(SLOT(old - 1, 0))) fi;
                MAY_DIE;
#endif
                END;
                MAY_DIE;
                /* Not drained yet: it is done, and others may still see what was. */
                working = 0;
                if :: goto release :: old = 0 fi
            fi
        :: else
        fi;
        NUMBER(false);
#ifdef SAME_SLOT
        new = (old != 0 -> old : 1);
#else
        new = (OCCUPIED(0) -> 2 : 1);
#endif
        BEGIN(new, old, (old == 0 -> count + 1 : count));
        if
        :: isPlain
        :: else ->
            taken = head;
#ifdef TAKE_FIRST
            head = next[taken];
            MAY_DIE;
            block = taken;
#else
            block = taken;
            MAY_DIE;
            head = next[taken];
#endif
            MAY_DIE;
            STORE(BLOCK(taken, 0), working);
            MAY_DIE;
            STORE(BLOCK(taken, 1), working);
            MAY_DIE
        fi;
        STORE(S, LATEST(S) + 4);
        MAY_DIE;
#ifndef NO_SLOT_FENCE
        FENCE;
#endif
        STORE(SLOT(new - 1, 0), (isPlain -> working : taken));
        MAY_DIE;
        STORE(SLOT(new - 1, 1), working);
        MAY_DIE;
#ifndef NO_RELEASE_STORE
        FENCE;
#endif
        STORE(S, (VERSION + 4) | new);
        MAY_DIE;
        if :: old != 0 && old != new && !isPlain -> GIVE_BACK(LATEST(SLOT(old - 1, 0))) :: else fi;
        MAY_DIE;
        END;
release:
        atomic { FENCE; ended = begun; working = 0 };
unlock:
        /* One block in use at most, the others on the list, and none twice. */
        atomic {
            FENCE;
            assert(operation == 0);
            assert(count == OCCUPIED(0) + OCCUPIED(1));
            taken = (OCCUPIED(0) -> LATEST(SLOT(0, 0)) : (OCCUPIED(1) -> LATEST(SLOT(1, 0)) : 0));
            if :: isPlain -> taken = 0 :: else fi;
            assert(head != taken && head != 0);
            if
            :: taken == 0 -> assert(next[head] == 3 - head && next[3 - head] == 0)
            :: else -> assert(next[head] == 0)
            fi;
            taken = 0
        };
        if :: sections == SECTIONS -> break :: else fi;
        skip;
dead:   skip
    :: sections == SECTIONS && operation == 0 -> break
    od
}

proctype reader() {
    byte seen, slot, a, b, again, atLeast, reads;
    do
    :: reads < READS ->
        atLeast = ended;
        do
        :: seen = mem[S];
#ifdef NO_ACQUIRE
           again = mem[S];
#endif
           if
           :: (seen & 3) == 0 -> a = 0; b = 0
           :: else ->
               slot = ((seen & 1) -> 0 : 1);
               a = mem[SLOT(slot, 0)];
               b = mem[SLOT(slot, 1)];
               if
               :: isPlain || a == 0
               :: else ->
                   slot = a;
                   a = mem[BLOCK(slot, 0)];
                   if :: a == b -> b = mem[BLOCK(slot, 1)] :: else fi
               fi
           fi;
#ifndef NO_ACQUIRE
           again = mem[S];
#endif
#ifdef NO_SECOND_LOOK
           break;
#endif
           if :: again == seen -> break :: else fi
        od;
        assert(a == b);
        if
        :: (seen & 3) != 0 -> assert(a >= atLeast && a <= begun && !isRemoval[a] && a != 0)
        :: else ->
            /* Nothing was there at first, and after each removal that there may have been since. */
            b = atLeast;
            do
            :: b == 0 || isRemoval[b] -> break
            :: else -> b++; assert(b <= begun)
            od
        fi;
        atomic { seen = 0; slot = 0; a = 0; b = 0; again = 0; atLeast = 0 };
        reads++
    :: reads == READS -> break
    od
}

init { atomic { next[1] = 2; if :: isPlain = true :: skip fi; run holders(); run reader() } }

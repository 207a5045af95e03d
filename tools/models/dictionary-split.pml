/* Buckets of a dictionary that are built anew, and the directory that leads to them (Segment/Dictionary/StripeWriter+Rebuild.swift,
 * StripeWriter+Recovery.swift, DictionaryReader.swift).
 *
 * Modelled: a directory of four entries that all lead to one bucket with two keys; holders of the stripe's lock, one after the other,
 * who change a value, make two buckets out of the one, or another one in the place of one, and use the memory of those they free;
 * each may be killed after any step, and so may who mends after it; a reader of either key, without a lock; stores that become
 * visible in any order, except across a fence or before a release store (weaker than x86). The lock's hand-over waits for the
 * stores of who had it.
 * Left out: how a bucket changes within (dictionary-entry.pml: here it is one step), lists of free buckets, the directory's
 * growth, what only the disk has.
 *
 * Properties: a reader finds its key, with a value that is neither older than the newest that had been set when it began, nor newer
 * than the newest that has begun. When the lock is free, the directory leads to one bucket for each half, or one for both; no other
 * is in use, and none is lost.
 *
 * mutations: EMPTY_FIRST NO_EMPTY_RELEASE NO_ENTRY_RELEASE NO_STATE_RELEASE OWN_LAST NO_ENTRY_LOOK STATE_THEN_ENTRY FOUND_ALWAYS NO_MENDING UNDO_ALWAYS FINISH_ALWAYS HALF_MENDED OLD_KEPT
 */
#ifndef SECTIONS
#define SECTIONS 3
#endif
#ifndef DEATHS
#define DEATHS 1
#endif

/* Words that others look at: four entries of the directory, bucket * 2 + depth; of each of three buckets the state (two occupied
 * bits, and the version above them) and a value of either key, of the first one in two words. Key k has the hash 2 + k: neither is
 * at an own index. */
#define ENTRY(i) (i)
#define STATE(b) (4 + 3 * (b))
#define VALUE(b, k) (5 + 3 * (b) + (k))
#define REST(b) (13 + (b))
#define WORDS 16
byte mem[WORDS], waiting[WORDS];
bool isWaiting[WORDS];

/* Under the lock. The intent: the old bucket, its own index and depth, the new ones, numbered from 1. */
bool isUsed[3];
bool operation = false;
byte old = 0, own = 0, depth = 0, first = 0, second = 0;

/* Ghosts: values are numbered, for each key. */
byte begun[2], ended[2], deaths = 0;

#define DRAINED (!isWaiting[0] && !isWaiting[1] && !isWaiting[2] && !isWaiting[3] && !isWaiting[4] && !isWaiting[5] && !isWaiting[6] \
    && !isWaiting[7] && !isWaiting[8] && !isWaiting[9] && !isWaiting[10] && !isWaiting[11] && !isWaiting[12] \
    && !isWaiting[13] && !isWaiting[14] && !isWaiting[15])
#define FENCE (DRAINED)
/* One that waits already may be seen before the next, or never. */
#define STORE(x, v) atomic { if :: isWaiting[x] -> mem[x] = waiting[x] :: skip fi; waiting[x] = v; isWaiting[x] = true }
#define LATEST(x) (isWaiting[x] -> waiting[x] : mem[x])
#define SHOW(x) atomic { isWaiting[x] -> mem[x] = waiting[x]; waiting[x] = 0; isWaiting[x] = false }

active proctype visibility() {
end: do
    :: SHOW(0) :: SHOW(1) :: SHOW(2) :: SHOW(3) :: SHOW(4) :: SHOW(5) :: SHOW(6)
    :: SHOW(7) :: SHOW(8) :: SHOW(9) :: SHOW(10) :: SHOW(11) :: SHOW(12) :: SHOW(13)
    :: SHOW(14) :: SHOW(15)
    od
}

#define MAY_DIE if :: deaths < DEATHS -> atomic { deaths++; goto dead } :: skip fi
#define FREE(b) (!isUsed[0] -> 0 : (!isUsed[1] -> 1 : 2))

/* Keys of a half: `half` 0 or 1, or 2 for both. */
#define COPIES(k) (half == 2 || half == k)

proctype holders() {
    byte sections, key, bucket, half, index, entry, newDepth, n;
    bool isDone;
    do
    :: sections < SECTIONS || operation ->
        atomic { FENCE; key = 0; bucket = 0; half = 0; index = 0; entry = 0; newDepth = 0; n = 0; isDone = false };
        if
        :: operation ->
#ifdef NO_MENDING
            goto end_operation;
#endif
            /* recoverRebuild */
            isDone = (first != 0 && (LATEST(ENTRY(own)) >> 1) == first - 1);
#ifdef UNDO_ALWAYS
            isDone = false;
#endif
#ifdef FINISH_ALWAYS
            isDone = (first != 0);
#endif
            if
#ifdef HALF_MENDED
            :: isDone -> goto give_back
#else
            :: isDone -> goto publish
#endif
            :: else ->
                if :: second != 0 -> isUsed[second - 1] = false; MAY_DIE :: else fi;
                if :: first != 0 -> isUsed[first - 1] = false; MAY_DIE :: else fi;
                goto end_operation
            fi
        :: else
        fi;
another:
        if :: sections == SECTIONS -> goto unlock :: else -> sections++ fi;
        if :: key = 0 :: key = 1 fi;
        bucket = LATEST(ENTRY(2 + key)) >> 1;
        if
        :: true ->                            /* another value */
            atomic { begun[key]++; n = begun[key] };
            MAY_DIE;
            atomic { FENCE; mem[VALUE(bucket, key)] = n; if :: key == 0 -> mem[REST(bucket)] = n :: else fi; mem[STATE(bucket)] = mem[STATE(bucket)] + 4 };
            MAY_DIE;
            goto unlock
        :: true ->                            /* rebuild: one for one, or two for one */
            atomic {
                depth = LATEST(ENTRY(2 + key)) & 1;
                old = bucket + 1;
                own = (depth == 0 -> 0 : key);
                first = 0; second = 0
            };
            MAY_DIE;
            operation = true;
            MAY_DIE;
            if
            :: depth == 0 -> half = 0         /* two */
            :: true -> half = 2               /* one */
            fi
        fi;
build:
        bucket = FREE(0);
        if
        :: first == 0 -> first = bucket + 1
        :: else -> second = bucket + 1
        fi;
        MAY_DIE;
        isUsed[bucket] = true;
        MAY_DIE;
        STORE(STATE(bucket), ((LATEST(STATE(bucket)) & 252) + 4));
#ifndef NO_FRESH_FENCE
        FENCE;
#endif
        n = 0;
        index = LATEST(STATE(old - 1)) & 3;
        if :: COPIES(0) && (index & 1) -> STORE(VALUE(bucket, 0), LATEST(VALUE(old - 1, 0))); STORE(REST(bucket), LATEST(REST(old - 1))); n = n + 1 :: else fi;
        if :: COPIES(1) && (index & 2) -> STORE(VALUE(bucket, 1), LATEST(VALUE(old - 1, 1))); n = n + 2 :: else fi;
        MAY_DIE;
#ifndef NO_STATE_RELEASE
        FENCE;
#endif
        STORE(STATE(bucket), (((LATEST(STATE(bucket)) & 252) + 4) | n));
        MAY_DIE;
        if :: half == 0 -> half = 1; goto build :: else fi;
#ifdef EMPTY_FIRST
        FENCE;
        STORE(STATE(old - 1), ((LATEST(STATE(old - 1)) & 252) + 4));
        MAY_DIE;
#endif
publish:
        newDepth = depth + (second != 0 -> 1 : 0);
        half = 0;
        do
        :: half == 0 || (half == 1 && second != 0) ->
            entry = ((half == 0 -> first : second) - 1) * 2 + newDepth;
            /* Those whose low bits are the own index's, the own one first. */
            n = own + (half << depth);
#ifdef OWN_LAST
            index = (newDepth == 0 -> 3 : n + 2);
            do
            :: STORE(ENTRY(index), entry);
               MAY_DIE;
               if :: index == n -> break :: else -> index = index - (newDepth == 0 -> 1 : 2) fi
            od;
#else
            index = n;
            do
            :: index < 4 ->
#ifndef NO_ENTRY_RELEASE
                FENCE;
#endif
                STORE(ENTRY(index), entry);
                MAY_DIE;
                index = index + (newDepth == 0 -> 1 : 2)
            :: else -> break
            od;
#endif
            half++
        :: else -> break
        od;
give_back:
#ifndef EMPTY_FIRST
#ifndef NO_EMPTY_RELEASE
        FENCE;
#endif
        STORE(STATE(old - 1), ((LATEST(STATE(old - 1)) & 252) + 4));
        MAY_DIE;
#endif
#ifndef OLD_KEPT
        isUsed[old - 1] = false;
#endif
        MAY_DIE;
end_operation:
        operation = false;
        /* Who keeps the lock for more does not wait for the stores. */
        if :: deaths < DEATHS -> atomic { deaths++; goto dead } :: goto unlock :: sections < SECTIONS -> goto another fi;
unlock:
        atomic {
            FENCE;
            ended[0] = mem[VALUE((mem[ENTRY(2)] >> 1), 0)];
            ended[1] = mem[VALUE((mem[ENTRY(3)] >> 1), 1)];
            assert(!operation && mem[ENTRY(0)] == mem[ENTRY(2)] && mem[ENTRY(1)] == mem[ENTRY(3)]);
            assert((mem[ENTRY(0)] & 1) == (mem[ENTRY(1)] & 1));
            assert(((mem[ENTRY(0)] & 1) == 0) == (mem[ENTRY(0)] == mem[ENTRY(1)]));
            assert(isUsed[mem[ENTRY(0)] >> 1] && isUsed[mem[ENTRY(1)] >> 1]);
            assert(isUsed[0] + isUsed[1] + isUsed[2] == 1 + (mem[ENTRY(0)] & 1))
        };
        if :: sections == SECTIONS -> break :: else fi;
dead:   skip
    :: sections == SECTIONS && !operation -> break
    od
}

proctype reader() {
    byte key, entry, seen, value, rest, atLeast;
    bool isAbsent;
    if :: key = 0 :: key = 1 fi;
    atLeast = ended[key];
    do
    :: entry = mem[ENTRY(2 + key)];
       seen = mem[STATE((entry >> 1))];
       if
       :: (seen >> key) & 1 ->
           value = mem[VALUE((entry >> 1), key)];
           rest = (key == 0 -> mem[REST((entry >> 1))] : value);
#ifdef FOUND_ALWAYS
           break
#else
           if :: mem[STATE((entry >> 1))] == seen -> break :: else fi
#endif
       :: else ->
           /* It is absent if this was where it would be, at a moment at which the state was this; it never is. */
#ifdef STATE_THEN_ENTRY
           isAbsent = (mem[STATE((entry >> 1))] == seen);
           isAbsent = isAbsent && (mem[ENTRY(2 + key)] == entry);
#else
#ifdef NO_ENTRY_LOOK
           isAbsent = true;
#else
           isAbsent = (mem[ENTRY(2 + key)] == entry);
#endif
           isAbsent = isAbsent && (mem[STATE((entry >> 1))] == seen);
#endif
           assert(!isAbsent)
       fi;
       atomic { seen = 0; value = 0; rest = 0 }
    od;
    assert(value == rest && value >= atLeast && value <= begun[key])
}

init {
    atomic {
        isUsed[0] = true;
        mem[STATE(0)] = 3;
        mem[VALUE(0, 0)] = 1;
        mem[REST(0)] = 1;
        mem[VALUE(0, 1)] = 1;
        begun[0] = 1; begun[1] = 1; ended[0] = 1; ended[1] = 1;
        run holders();
        run reader()
    }
}

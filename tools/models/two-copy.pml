/* Values of more than a word: two copies and a sequence (Segment/CellReader.swift).
 *
 * Modelled: writers one after the other under the robust lock, each of which may be killed after any step; a reader
 * without a lock; stores that become visible in any order, except across a fence or before a release store (weaker than
 * x86). The lock's hand-over waits for the stores of who had it, as the kernel and the C library see to.
 * Left out: the lock itself, and loads out of order other than the reader's two looks at the sequence (see EARLY_COPY and NO_ACQUIRE).
 *
 * Property: what a reader returns is one write, whole; not older than the newest that had ended when it began, and not
 * newer than the newest that has begun.
 *
 * mutations: ONE_COPY NO_RELEASE_FENCE NO_RELEASE_STORE EARLY_COPY NO_ACQUIRE NO_SECOND_LOOK
 */
#define WRITES 4
#define S 0
byte mem[5];            /* the sequence; copy 0: words 1, 2; copy 1: words 3, 4 */
byte waiting[5];        /* stores that are not visible yet */
bool isWaiting[5];
byte begun = 0;         /* ghosts: writes that began, and the newest that ended */
byte ended = 0;
bool locked = false;

#define DRAINED (!isWaiting[0] && !isWaiting[1] && !isWaiting[2] && !isWaiting[3] && !isWaiting[4])
#define STORE(x, v) atomic { if :: isWaiting[x] -> mem[x] = waiting[x] :: else fi; waiting[x] = v; isWaiting[x] = true }
#define FENCE (DRAINED)
#define LATEST(x) (isWaiting[x] -> waiting[x] : mem[x])

active proctype visibility() {
end: do
    :: atomic { isWaiting[0] -> mem[0] = waiting[0]; isWaiting[0] = false }
    :: atomic { isWaiting[1] -> mem[1] = waiting[1]; isWaiting[1] = false }
    :: atomic { isWaiting[2] -> mem[2] = waiting[2]; isWaiting[2] = false }
    :: atomic { isWaiting[3] -> mem[3] = waiting[3]; isWaiting[3] = false }
    :: atomic { isWaiting[4] -> mem[4] = waiting[4]; isWaiting[4] = false }
    od
}

#define MAY_DIE if :: skip :: goto dead fi

active proctype writers() {
    byte current, other, n;
    do
    :: begun < WRITES ->
        atomic { FENCE; locked = true; begun++; n = begun }
        current = LATEST(S) & 254;
        MAY_DIE;
        STORE(S, current | 1);
        MAY_DIE;
#ifndef NO_RELEASE_FENCE
        FENCE;
#endif
        other = 1 - ((current >> 1) & 1);
#ifdef ONE_COPY
        other = (current >> 1) & 1;
#endif
        STORE(1 + 2 * other, n);
        MAY_DIE;
        STORE(2 + 2 * other, n);
        MAY_DIE;
#ifndef NO_RELEASE_STORE
        FENCE;
#endif
        atomic { STORE(S, current + 2); }
        MAY_DIE;
        atomic { FENCE; ended = n }
dead:   atomic { FENCE; locked = false }
    :: begun == WRITES -> break
    od
}

active proctype reader() {
    byte seen, a, b, again, atLeast, times, guess;
    do
    :: times < 2 ->
        atLeast = ended;
        do
        ::
#ifdef EARLY_COPY
           /* The words of a copy that is guessed are there before the sequence that chooses it. */
           if :: guess = 0 :: guess = 1 fi;
           a = mem[1 + 2 * guess];
           b = mem[2 + 2 * guess];
           seen = mem[S];
           if :: guess == ((seen >> 1) & 1) -> skip :: else -> goto next fi;
#else
           seen = mem[S];
#endif
#ifdef NO_ACQUIRE
           again = mem[S];
#endif
#ifndef EARLY_COPY
           a = mem[1 + 2 * ((seen >> 1) & 1)];
           b = mem[2 + 2 * ((seen >> 1) & 1)];
#endif
#ifndef NO_ACQUIRE
           again = mem[S];
#endif
#ifdef NO_SECOND_LOOK
           break;
#endif
           if :: again - (seen & 254) <= 2 -> break :: else fi;
next:      skip
        od;
        assert(a == b);
        assert(a >= atLeast && a <= begun);
        times++
    :: times == 2 -> break
    od
}

"""The harness of the comparison's programs in Python: commands, calibration, processes, clean-up.

A program calls `main` with its works: a name and the class of the work, which does `prepare`, `run` and `finish`.
It reads commands from standard input, a line each, and answers each with one line. What else is printed goes to
standard error.
"""

import ctypes
import gc
import multiprocessing
import os
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from multiprocessing.connection import Connection
from typing import Any, TextIO

#: Children are forked: what the main process has made before is theirs as well.
context = multiprocessing.get_context("fork")

#: The first word of an item or a value.
first_word = struct.Struct("<Q").unpack_from

PROCESSORS = os.sched_getaffinity(0)
PREPARE_SECONDS, RUN_SECONDS, FINISH_SECONDS = 900.0, 180.0, 30.0

Job = Callable[[int], Any]


class Skip(Exception):
    """This program cannot do the work, or not with these parameters."""


class Lost(Exception):
    """A child ended or said nothing in time."""


class Parameters:
    """The `key=value` pairs after the name of a work."""

    def __init__(self, words: Iterable[str]) -> None:
        self._pairs = dict(word.split("=", 1) for word in words)

    def number(self, name: str, default: int) -> int:
        return int(self._pairs.get(name, default))

    @property
    def cpus(self) -> list[int]:
        return [int(cpu) for cpu in self._pairs.get("cpus", "").split(",") if cpu]

    @property
    def bytes(self) -> int:
        return self.number("bytes", 64)


class Work:
    """One work. `run` returns the nanoseconds that `count` operations took, or, with `own_figure`, the figure."""

    own_figure = False
    #: Counts are whole multiples of this: the number of processes among which the operations are shared out.
    multiple = 1

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.crew: Crew | None = None

    def prepare(self) -> None: ...

    def run(self, count: int) -> float:
        raise NotImplementedError

    def finish(self) -> None: ...


# Names, keys and values


def argument(name: str, default: str) -> str:
    """The word after `name` among the program's arguments."""
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv[:-1] else default


DIRECTORY = argument("--directory", "/tmp")
_names = iter(range(1 << 62))


def fresh_name() -> str:
    """A name for something in the directory or in /dev/shm that nothing else has."""
    return f"cellar-compare-{os.getpid()}-{next(_names)}"


def key(number: int) -> bytes:
    return b"key-%012d" % number


def value(number: int, size: int) -> bytes:
    return number.to_bytes(8, "little") + b"\xa5" * (size - 8)


def entries(count: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    return ((key(number), value(number, size)) for number in range(count))


def random_order(bound: int, length: int = 50_000) -> list[int]:
    """Numbers below `bound` by xorshift64*, the same in all programs."""
    state, mask, order = 88172645463325252, (1 << 64) - 1, []
    for _ in range(length):
        state ^= state >> 12
        state = (state ^ (state << 25)) & mask
        state ^= state >> 27
        order.append((state * 2685821657736338717 & mask) % bound)
    return order


class Cycle:
    """Goes round and round through the items of a list, from where it was."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = cycle(list(items))

    def take(self, count: int) -> Iterator[Any]:
        return islice(self._items, count)


# Processes


def pin(cpus: list[int], participant: int) -> None:
    if cpus:
        os.sched_setaffinity(0, {cpus[participant % len(cpus)]})


def die_with_parent() -> None:
    """This process is killed when its parent ends, however that ends."""
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Crew:
    """Child processes, participants 1 and up, that do their jobs at a signal.

    `setup(participant)` is called in the child and returns its job, which takes a count and returns what the main
    process is to know.
    """

    def __init__(self, children: int, setup: Callable[[int], Job], cpus: list[int]) -> None:
        self._links: list[Connection] = []
        self._processes = []
        for participant in range(1, children + 1):
            here, there = context.Pipe()
            process = context.Process(target=_child, args=(setup, participant, cpus, there), daemon=True)
            process.start()
            there.close()
            self._links.append(here)
            self._processes.append(process)

    def wait_until_ready(self) -> None:
        self.results()

    def start(self, count: int) -> None:
        for link in self._links:
            link.send(count)

    def results(self) -> list[Any]:
        """What each job returned."""
        answers = []
        for link in self._links:
            try:
                answer = link.recv()
            except (EOFError, ConnectionError):
                raise Lost("a child is lost") from None
            if isinstance(answer, BaseException):
                raise Lost(f"a child failed: {answer!r}")
            answers.append(answer)
        return answers

    def check(self) -> None:
        for link, process in zip(self._links, self._processes):
            if process.exitcode is not None:
                raise Lost(f"a child is lost: {_last_word(link) or process.exitcode!r}")

    def end(self, seconds: float = 2.0) -> None:
        """Ends the children: asks first, and kills those that do not hear."""
        for link in self._links:
            try:
                link.send(None)
            except OSError:
                pass
        limit = time.monotonic() + seconds
        for process in self._processes:
            process.join(max(0.0, limit - time.monotonic()))
            if process.exitcode is None:
                process.kill()
                process.join(FINISH_SECONDS)
            process.close()
        for link in self._links:
            link.close()
        self._links, self._processes = [], []


def _last_word(link: Connection) -> str:
    """What a child that has ended said, if anything."""
    try:
        return repr(link.recv()) if link.poll() else ""
    except (EOFError, OSError):
        return ""


def _child(setup: Callable[[int], Job], participant: int, cpus: list[int], link: Connection) -> None:
    die_with_parent()
    status = 0
    try:
        pin(cpus, participant)
        job = setup(participant)
        link.send("ready")
        while (count := link.recv()) is not None:
            link.send(job(count))
        del job
        gc.collect()
    except BaseException as error:
        status = 1
        link.send(error if isinstance(error, Exception) else Lost(repr(error)))
    os._exit(status)


class Watch:
    """Bounds what the main process waits for: a signal comes at the deadline and when a child ends, else none.

    A wait that a signal interrupts fails in some libraries, so nothing ticks.
    """

    def __init__(self) -> None:
        self.crew: Crew | None = None
        self._waiting = False
        signal.signal(signal.SIGALRM, self._late)
        signal.signal(signal.SIGCHLD, self._child_ended)

    def begin(self, seconds: float) -> None:
        self._waiting = True
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def end(self) -> None:
        self._waiting = False
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _late(self, *_: Any) -> None:
        if self._waiting:
            raise Lost("nothing happened in time")

    def _child_ended(self, *_: Any) -> None:
        if self._waiting and self.crew is not None:
            self.crew.check()


# Commands


class Program:
    """One work at a time, as the commands say."""

    def __init__(self, works: dict[str, type[Work]], missing: str | None) -> None:
        self._works = works
        self._missing = missing
        self._work: Work | None = None
        self._count = 0
        self._watch = Watch()

    def answer(self, line: str) -> str:
        try:
            try:
                return self._obeyed(line)
            finally:
                self._watch.end()
        except Skip as reason:
            self.finish()
            return f"skip {reason}"
        except Exception as error:
            self._watch.end()
            return f"error {type(error).__name__}: {error}".replace("\n", " ")

    def _obeyed(self, line: str) -> str:
        command, *words = line.split() or [""]
        match command:
            case "prepare":
                return self._prepare(words[0], Parameters(words[1:]))
            case "run":
                return self._run()
            case "finish":
                self.finish()
                return "ok"
        return f"error no such command: {command}"

    def _prepare(self, name: str, parameters: Parameters) -> str:
        self.finish()
        if self._missing is not None:
            raise Skip(f"not installed: {self._missing}")
        if name not in self._works:
            raise Skip("no such work here")
        self._watch.begin(PREPARE_SECONDS)
        self._count = 0
        self._work = self._works[name](parameters)
        pin(parameters.cpus, 0)
        try:
            self._work.prepare()
        except BaseException:
            self.finish()
            raise
        self._watch.crew = self._work.crew
        return "ok"

    def _run(self) -> str:
        work = self._work
        if work is None:
            return "error nothing is prepared"
        self._watch.begin(RUN_SECONDS)
        if work.crew is not None:
            work.crew.check()
        if work.own_figure:
            return f"ok {float(work.run(0)):.6f}"
        if self._count == 0:
            self._count = self._calibrated(work)
        return f"ok {work.run(self._count) / self._count:.6f}"

    def _calibrated(self, work: Work) -> int:
        count, least = work.multiple, work.parameters.number("ms", 100) * 1e6
        while work.run(count) < least:
            count *= 2
        return count

    def finish(self) -> None:
        """Removes everything of the work, also where it failed half-way."""
        work, self._work, self._watch.crew = self._work, None, None
        if work is None:
            return
        self._watch.begin(FINISH_SECONDS)
        try:
            if work.crew is not None:
                work.crew.end()
        finally:
            try:
                work.finish()
            finally:
                self._watch.end()
                os.sched_setaffinity(0, PROCESSORS)
                del work
                gc.collect()


def _answers() -> TextIO:
    """Standard output for the answers alone: what else is printed goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return answers


def main(works: dict[str, type[Work]], missing: str | None = None) -> None:
    """Reads and answers commands until the end of the file or SIGTERM. `missing`: a library that is not installed."""
    answers = _answers()
    program = Program(works, missing)
    stopped = False

    def stop(*_: Any) -> None:
        # Some libraries put an exception of their own in the place of this one: hence the flag.
        nonlocal stopped
        stopped = True
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    try:
        while not stopped and (line := sys.stdin.readline()):
            answers.write(program.answer(line) + "\n")
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        program.finish()

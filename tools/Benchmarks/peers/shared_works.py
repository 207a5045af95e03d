"""Works that several programs in Python do the same way: a lock, queues, waking."""

import mmap
import statistics
import time
from collections.abc import Callable
from time import perf_counter_ns as now
from typing import Any

from harness import Crew, Cycle, Job, Lost, Parameters, Skip, Work, first_word, value

CAPACITY = 1024  # items in a queue
ITEMS = 64  # different items that a producer sends in turn
TOTAL = sum(range(ITEMS))

Put = Callable[[bytes], Any]
Get = Callable[[], Any]


def shared_words(count: int) -> memoryview:
    """Words that the children of this process share with it."""
    return memoryview(mmap.mmap(-1, count * 8)).cast("q")


class Lock(Work):
    """Locking and unlocking, alone."""

    def make_lock(self) -> Any:
        """Something with `acquire` and `release`."""
        raise NotImplementedError

    def prepare(self) -> None:
        self.lock = self.make_lock()

    def run(self, count: int) -> float:
        acquire, release = self.lock.acquire, self.lock.release
        start = now()
        for _ in range(count):
            acquire()
            release()
        return now() - start


class LockFought(Lock):
    """All processes lock, add one to a plain word, unlock."""

    def prepare(self) -> None:
        super().prepare()
        processes = self.parameters.number("processes", 2)
        self.multiple = processes
        self.word = shared_words(1)
        self.crew = Crew(processes - 1, lambda _: self._add, self.parameters.cpus)
        self.crew.wait_until_ready()

    def _add(self, count: int) -> None:
        acquire, release, word = self.lock.acquire, self.lock.release, self.word
        for _ in range(count):
            acquire()
            word[0] += 1
            release()

    def run(self, count: int) -> float:
        assert self.crew is not None
        self.word[0] = 0
        share = count // self.multiple
        start = now()
        self.crew.start(share)
        self._add(share)
        self.crew.results()
        elapsed = now() - start
        if self.word[0] != count:
            raise Lost(f"the sum is {self.word[0]}, not {count}")
        return elapsed


class Channel:
    """A queue of one system. `putter` and `getter` are called in the process that uses what they return."""

    def __init__(self, parameters: Parameters) -> None:
        self.size = parameters.bytes

    def putter(self) -> Put:
        raise NotImplementedError

    def getter(self) -> Get:
        raise NotImplementedError

    def close(self) -> None: ...


class QueueWork(Work):
    """What works with queues share."""

    channel: type[Channel]
    #: Why this system cannot have more than one producer or consumer, if it cannot.
    no_producers: str | None = None
    no_consumers: str | None = None

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)
        self.channels: list[Channel] = []
        self.put: Put | None = None
        self.get: Get | None = None
        self.items = [value(number, parameters.bytes) for number in range(ITEMS)]

    def open_channel(self) -> Channel:
        channel = self.channel(self.parameters)
        self.channels.append(channel)
        return channel

    def finish(self) -> None:
        self.put = self.get = None  # what they hold goes before the channel does
        for channel in self.channels:
            channel.close()
        self.channels = []


class QueueAlone(QueueWork):
    """Put, then get, in one process."""

    def prepare(self) -> None:
        channel = self.open_channel()
        self.get = channel.getter()
        self.put = channel.putter()
        self.sum = 0

    def run(self, count: int) -> float:
        put, get, total = self.put, self.get, 0
        items = Cycle(self.items).take(count)
        start = now()
        for item in items:
            put(item)
            total += first_word(get())[0]
        elapsed = now() - start
        self.sum += total
        return elapsed


class Queue(QueueWork):
    """From producers to consumers; the main process is the first consumer."""

    def prepare(self) -> None:
        producers = self.parameters.number("producers", 1)
        consumers = self.parameters.number("consumers", 1)
        if producers > 1 and self.no_producers:
            raise Skip(self.no_producers)
        if consumers > 1 and self.no_consumers:
            raise Skip(self.no_consumers)
        self.producers, self.consumers = producers, consumers
        self.multiple = producers * consumers * ITEMS
        channel = self.open_channel()
        self.crew = Crew(producers + consumers - 1, self._job, self.parameters.cpus)
        self.get = channel.getter()
        self.crew.wait_until_ready()

    def _job(self, participant: int) -> Job:
        if participant <= self.producers:
            put = self.channels[0].putter()
            return lambda count: self._produce(put, count // self.producers)
        get = self.channels[0].getter()
        return lambda count: self._consume(get, count // self.consumers)

    def _produce(self, put: Put, count: int) -> int:
        for item in Cycle(self.items).take(count):
            put(item)
        return 0

    def _consume(self, get: Get, count: int) -> int:
        total = 0
        for _ in range(count):
            total += first_word(get())[0]
        return total

    def run(self, count: int) -> float:
        assert self.crew is not None
        start = now()
        self.crew.start(count)
        total = self._consume(self.get, count // self.consumers)
        total += sum(self.crew.results())
        elapsed = now() - start
        if total != count // ITEMS * TOTAL:
            raise Lost(f"the sum of the items is {total}, not {count // ITEMS * TOTAL}")
        return elapsed


class QueueTurns(QueueWork):
    """An item there and back through two queues; half a round trip counts."""

    multiple = 2

    def prepare(self) -> None:
        there, back = self.open_channel(), self.open_channel()
        self.crew = Crew(1, lambda _: self._reflect(there, back), self.parameters.cpus)
        self.get = back.getter()
        self.put = there.putter()
        self.crew.wait_until_ready()

    def _reflect(self, there: Channel, back: Channel) -> Job:
        get, put = there.getter(), back.putter()

        def job(count: int) -> None:
            for _ in range(count):
                put(get())

        return job

    def run(self, count: int) -> float:
        assert self.crew is not None
        put, get, total, turns = self.put, self.get, 0, count // 2
        self.crew.start(turns)
        start = now()
        for item in Cycle(self.items).take(turns):
            put(item)
            total += first_word(get())[0]
        elapsed = now() - start
        self.crew.results()
        expected = sum(first_word(item)[0] for item in Cycle(self.items).take(turns))
        if total != expected:
            raise Lost(f"the sum of the items is {total}, not {expected}")
        return elapsed


class Wake(Work):
    """From just before the signal until a sleeper goes on that fell asleep a millisecond or more before."""

    own_figure = True
    samples = 200

    def make_signal(self) -> None:
        """Makes what is shared, before the child is there."""

    def signaller(self) -> Callable[[], Any]:
        raise NotImplementedError

    def sleeper(self) -> Callable[[], Any]:
        """A function that sleeps until the signal, for the child."""
        raise NotImplementedError

    def rearm(self) -> None:
        """Makes the signal ready for the next sleep, in the child."""

    def prepare(self) -> None:
        self.words = shared_words(2)  # when it was signalled; how many times the child has been about to sleep
        self.make_signal()
        self.crew = Crew(1, lambda _: self._sleep(self.sleeper()), self.parameters.cpus)
        self.crew.wait_until_ready()
        self.wake = self.signaller()

    def _sleep(self, sleep: Callable[[], Any]) -> Job:
        words = self.words

        def job(count: int) -> list[int]:
            times = []
            for _ in range(count):
                words[1] += 1
                sleep()
                times.append(now() - words[0])
                self.rearm()
            return times

        return job

    def run(self, count: int) -> float:
        assert self.crew is not None
        words, wake = self.words, self.wake
        self.words[1] = 0
        self.crew.start(self.samples)
        for turn in range(1, self.samples + 1):
            while words[1] < turn:
                time.sleep(0.0001)
            time.sleep(0.002)
            words[0] = now()
            wake()
        return statistics.median(self.crew.results()[0])

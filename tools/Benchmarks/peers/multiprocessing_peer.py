"""Python's multiprocessing: Value, Array, SharedMemory, Queue, Pipe, Lock, Event, Manager dict."""

import struct
from collections.abc import Callable
from multiprocessing.managers import SyncManager
from multiprocessing.shared_memory import SharedMemory
from time import perf_counter_ns as now
from typing import Any

import shared_works
from harness import Cycle, Parameters, Skip, Work, context, die_with_parent, first_word, fresh_name, key, main
from harness import random_order, value
from shared_works import CAPACITY, Channel, Get, Put


class Word(Work):
    """A word under its lock, taken by hand: that is quicker than the word's own property, which does the same."""

    def prepare(self) -> None:
        shared = context.Value("q", 1)
        lock = shared.get_lock()
        self.word, self.acquire, self.release = shared.get_obj(), lock.acquire, lock.release


class WordLoad(Word):
    def run(self, count: int) -> float:
        acquire, release, word, total = self.acquire, self.release, self.word, 0
        start = now()
        for _ in range(count):
            acquire()
            total += word.value
            release()
        return now() - start


class WordStore(Word):
    def run(self, count: int) -> float:
        acquire, release, word = self.acquire, self.release, self.word
        start = now()
        for number in range(count):
            acquire()
            word.value = number
            release()
        return now() - start


class WordAdd(Word):
    def run(self, count: int) -> float:
        acquire, release, word = self.acquire, self.release, self.word
        start = now()
        for _ in range(count):
            acquire()
            word.value += 1
            release()
        return now() - start


class Block(Work):
    """A struct under its lock. The memory is a view, which copies in one go whatever the size."""

    def prepare(self) -> None:
        self.data = value(1, self.parameters.bytes)
        self.block = context.Array("c", self.parameters.bytes)
        self.block.raw = self.data
        self.view = memoryview(self.block.get_obj()).cast("B")
        lock = self.block.get_lock()
        self.acquire, self.release = lock.acquire, lock.release


class BlockLoad(Block):
    def run(self, count: int) -> float:
        acquire, release, view, total = self.acquire, self.release, self.view, 0
        start = now()
        for _ in range(count):
            acquire()
            copy = bytes(view)
            release()
            total += first_word(copy)[0]
        return now() - start


class BlockStore(Block):
    def run(self, count: int) -> float:
        acquire, release, view, data = self.acquire, self.release, self.view, self.data
        start = now()
        for _ in range(count):
            acquire()
            view[:] = data
            release()
        return now() - start


class Lock(shared_works.Lock):
    def make_lock(self) -> Any:
        return context.Lock()


class LockFought(shared_works.LockFought):
    make_lock = Lock.make_lock


class Element(Work):
    """An element of an array without a lock: one aligned word needs none."""

    LENGTH = 1_000_000

    def prepare(self) -> None:
        self.array = context.Array("q", self.LENGTH, lock=False)
        self.array[:] = range(self.LENGTH)
        self.places = Cycle(random_order(self.LENGTH))


class ElementGet(Element):
    def run(self, count: int) -> float:
        array, total = self.array, 0
        start = now()
        for place in self.places.take(count):
            total += array[place]
        return now() - start


class ElementSet(Element):
    def run(self, count: int) -> float:
        array = self.array
        start = now()
        for place in self.places.take(count):
            array[place] = place
        return now() - start


class Memory(Work):
    """A block of shared memory, filled so that its pages are there."""

    PIECE = 1 << 20

    def make(self, size: int) -> None:
        self.size = size
        self.memory = SharedMemory(fresh_name(), create=True, size=size)
        piece = struct.pack("<d", 1.5) * (self.PIECE // 8)
        for offset in range(0, size, self.PIECE):
            self.memory.buf[offset : offset + self.PIECE] = piece

    def finish(self) -> None:
        if hasattr(self, "memory"):
            self.memory.close()
            self.memory.unlink()


class SliceCopy(Memory):
    def prepare(self) -> None:
        self.make(64 << 20)
        length = self.parameters.number("bytes", 65536)
        order = random_order(self.size // length)
        self.slices = Cycle([slice(place * length, (place + 1) * length) for place in order])

    def run(self, count: int) -> float:
        buffer, total = self.memory.buf, 0
        start = now()
        for part in self.slices.take(count):
            total += first_word(bytes(buffer[part]))[0]
        return now() - start


class Bulk(Memory):
    def prepare(self) -> None:
        self.make(self.parameters.number("bytes", 1 << 30))
        self.private = memoryview(bytearray(b"\xa5" * self.PIECE))


class Scan(Bulk):
    def run(self, count: int) -> float:
        buffer, private, piece, total = self.memory.buf, self.private, self.PIECE, 0
        start = now()
        for _ in range(count):
            for offset in range(0, self.size, piece):
                private[:] = buffer[offset : offset + piece]
                total += first_word(private)[0]
        return now() - start


class BulkIn(Bulk):
    def run(self, count: int) -> float:
        buffer, private, piece = self.memory.buf, self.private, self.PIECE
        start = now()
        for _ in range(count):
            for offset in range(0, self.size, piece):
                buffer[offset : offset + piece] = private
        return now() - start


class Map(Work):
    """A dictionary in the process of a manager."""

    MOST, BATCH = 1_000_000, 10_000

    def prepare(self) -> None:
        count, size = self.parameters.number("entries", self.MOST), self.parameters.bytes
        if count > self.MOST:
            raise Skip(f"more than {self.MOST} entries take minutes to load")
        self.manager = SyncManager(ctx=context)
        self.manager.start(die_with_parent)
        self.map = self.manager.dict()
        for first in range(0, count, self.BATCH):
            numbers = range(first, min(first + self.BATCH, count))
            self.map.update({key(number): value(number, size) for number in numbers})
        order = random_order(count)
        self.keys = Cycle([key(number) for number in order])
        self.pairs = Cycle([(key(number), value(number, size)) for number in order])

    def finish(self) -> None:
        if hasattr(self, "manager"):
            self.manager.shutdown()


class MapGet(Map):
    def run(self, count: int) -> float:
        get, total = self.map.__getitem__, 0
        start = now()
        for name in self.keys.take(count):
            total += first_word(get(name))[0]
        return now() - start


class MapSet(Map):
    def run(self, count: int) -> float:
        put = self.map.__setitem__
        start = now()
        for name, data in self.pairs.take(count):
            put(name, data)
        return now() - start


class QueueChannel(Channel):
    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)
        self.queue = context.Queue(CAPACITY)

    def putter(self) -> Put:
        return self.queue.put

    def getter(self) -> Get:
        return self.queue.get

    def close(self) -> None:
        self.queue.cancel_join_thread()
        self.queue.close()


class PipeChannel(Channel):
    """A pipe of one direction, for one sender and one receiver. Bytes go through it without pickling."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)
        self.receiver, self.sender = context.Pipe(duplex=False)

    def putter(self) -> Put:
        return self.sender.send_bytes

    def getter(self) -> Get:
        return self.receiver.recv_bytes

    def close(self) -> None:
        self.receiver.close()
        self.sender.close()


class QueueAlone(shared_works.QueueAlone):
    channel = QueueChannel


class Queue(shared_works.Queue):
    channel = QueueChannel


class QueueTurns(shared_works.QueueTurns):
    channel = QueueChannel


class Pipe(shared_works.Queue):
    channel = PipeChannel
    no_producers = no_consumers = "a pipe is for one sender and one receiver"


class PipeTurns(shared_works.QueueTurns):
    channel = PipeChannel


class Wake(shared_works.Wake):
    def make_signal(self) -> None:
        self.event = context.Event()

    def signaller(self) -> Callable[[], Any]:
        return self.event.set

    def sleeper(self) -> Callable[[], Any]:
        return self.event.wait

    def rearm(self) -> None:
        self.event.clear()


WORKS: dict[str, type[Work]] = {
    "word-load": WordLoad,
    "word-store": WordStore,
    "word-add": WordAdd,
    "block-load": BlockLoad,
    "block-store": BlockStore,
    "lock": Lock,
    "lock-fought": LockFought,
    "element-get": ElementGet,
    "element-set": ElementSet,
    "slice-copy": SliceCopy,
    "scan": Scan,
    "bulk-in": BulkIn,
    "map-get": MapGet,
    "map-set": MapSet,
    "queue-alone": QueueAlone,
    "queue": Queue,
    "queue-turns": QueueTurns,
    "pipe": Pipe,
    "pipe-turns": PipeTurns,
    "wake": Wake,
}

if __name__ == "__main__":
    main(WORKS)

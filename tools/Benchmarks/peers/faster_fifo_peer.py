"""faster-fifo: a queue of bytes in shared memory, with many items at a time."""

from time import perf_counter_ns as now

import shared_works
from harness import Crew, Cycle, Lost, Parameters, Work, first_word, main
from shared_works import CAPACITY, ITEMS, Channel, Get, Put

try:
    import faster_fifo
except ImportError:
    faster_fifo = None

HEADER = 8  # bytes that the queue adds to an item
SECONDS = 20.0  # the longest wait for room or for an item


def as_it_is(item: bytes) -> bytes:
    return item


class FifoChannel(Channel):
    """Items are bytes already, so nothing is pickled."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)
        self.queue = faster_fifo.Queue(
            max_size_bytes=CAPACITY * (self.size + HEADER), maxsize=CAPACITY, loads=bytes, dumps=as_it_is
        )

    def putter(self) -> Put:
        put = self.queue.put
        return lambda item: put(item, True, SECONDS)

    def getter(self) -> Get:
        get = self.queue.get
        return lambda: get(True, SECONDS)

    def close(self) -> None:
        self.queue.close()


class QueueAlone(shared_works.QueueAlone):
    channel = FifoChannel


class Queue(shared_works.Queue):
    channel = FifoChannel


class QueueTurns(shared_works.QueueTurns):
    channel = FifoChannel


class QueueBatch(shared_works.QueueWork):
    """One producer, one consumer: `batch` items are put at a time, and as many are got as are there."""

    channel = FifoChannel

    def prepare(self) -> None:
        self.batch = self.parameters.number("batch", ITEMS)
        self.multiple = self.batch * ITEMS
        self.queue = self.open_channel().queue
        self.crew = Crew(1, lambda _: self._produce, self.parameters.cpus)
        self.crew.wait_until_ready()

    def _produce(self, count: int) -> None:
        put_many = self.queue.put_many
        batches = Cycle([list(Cycle(self.items).take(self.batch))])
        for batch in batches.take(count // self.batch):
            put_many(batch, True, SECONDS)

    def run(self, count: int) -> float:
        assert self.crew is not None
        get_many, most, total, missing = self.queue.get_many, self.batch, 0, count
        start = now()
        self.crew.start(count)
        while missing:
            items = get_many(True, SECONDS, most)
            missing -= len(items)
            for item in items:
                total += first_word(item)[0]
        self.crew.results()
        elapsed = now() - start
        expected = count // self.batch * sum(first_word(item)[0] for item in Cycle(self.items).take(self.batch))
        if total != expected:
            raise Lost(f"the sum of the items is {total}, not {expected}")
        return elapsed


WORKS: dict[str, type[Work]] = {
    "queue-alone": QueueAlone,
    "queue": Queue,
    "queue-turns": QueueTurns,
    "queue-batch": QueueBatch,
}

if __name__ == "__main__":
    main(WORKS, None if faster_fifo else "faster-fifo")

"""LMDB through its binding for Python."""

import os
import shutil
import threading
from time import perf_counter_ns as now

from harness import DIRECTORY, Cycle, Lost, Skip, Work, entries, first_word, fresh_name, key, main, random_order, value

try:
    import lmdb
except ImportError:
    lmdb = None

MAP_SIZE = 16 << 30


class Store(Work):
    """A database in a directory of its own. Without `sync`, a commit does not wait for the disk."""

    sync = False
    MOST = 10_000_000

    def prepare(self) -> None:
        self.size = self.parameters.bytes
        self.path = os.path.join(DIRECTORY, fresh_name())
        self.environment = lmdb.open(self.path, map_size=MAP_SIZE, sync=self.sync, max_spare_txns=4)

    def load(self) -> int:
        count = self.parameters.number("entries", 1_000_000)
        if count > self.MOST:
            raise Skip(f"more than {self.MOST} entries take minutes to load")
        with self.environment.begin(write=True) as transaction:
            transaction.cursor().putmulti(entries(count, self.size), append=True)
        return count

    def finish(self) -> None:
        if hasattr(self, "environment"):
            self.environment.close()
            shutil.rmtree(self.path, ignore_errors=True)


class Get(Store):
    """One transaction a get: the binding renews a spare one at `begin` and resets it at `abort`."""

    def prepare(self) -> None:
        super().prepare()
        self.keys = Cycle([key(number) for number in random_order(self.load())])

    def run(self, count: int) -> float:
        begin, total = self.environment.begin, 0
        start = now()
        for name in self.keys.take(count):
            transaction = begin()
            total += first_word(transaction.get(name))[0]
            transaction.abort()
        return now() - start


class Set(Store):
    """One write transaction a set."""

    def prepare(self) -> None:
        super().prepare()
        self.pairs = Cycle([(key(number), value(number, self.size)) for number in random_order(self.load())])

    def run(self, count: int) -> float:
        begin = self.environment.begin
        start = now()
        for name, data in self.pairs.take(count):
            transaction = begin(write=True)
            transaction.put(name, data)
            transaction.commit()
        return now() - start


class Scan(Store):
    """All entries in the order of their keys."""

    def prepare(self) -> None:
        super().prepare()
        self.multiple = self.load()

    def run(self, count: int) -> float:
        total = 0
        start = now()
        for _ in range(count // self.multiple):
            with self.environment.begin() as transaction:
                for name, data in transaction.cursor():
                    total += first_word(name)[0] + first_word(data)[0]
        return now() - start


class Load(Store):
    """An empty table, all entries in order in one transaction; emptied outside of the measured time."""

    def prepare(self) -> None:
        super().prepare()
        self.multiple = self.parameters.number("entries", 1_000_000)
        if self.multiple > self.MOST // 10:
            raise Skip(f"more than {self.MOST // 10} entries are not kept ready")
        self.entries = list(entries(self.multiple, self.size))
        self.table = self.environment.open_db()

    def run(self, count: int) -> float:
        elapsed = 0
        for _ in range(count // self.multiple):
            start = now()
            with self.environment.begin(write=True) as transaction:
                transaction.cursor().putmulti(self.entries, append=True)
            elapsed += now() - start
            with self.environment.begin(write=True) as transaction:
                transaction.drop(self.table, delete=False)
        return elapsed


class Durable(Store):
    """Writers are threads, each with its own key; a commit returns when it is on disk."""

    sync = True

    def prepare(self) -> None:
        super().prepare()
        self.multiple = self.parameters.number("writers", 1)

    def _write(self, writer: int, count: int, start: threading.Barrier) -> None:
        begin, name, data = self.environment.begin, key(writer), value(writer, self.size)
        start.wait()
        for _ in range(count):
            with begin(write=True) as transaction:
                transaction.put(name, data)
            self.written[writer] += 1

    def run(self, count: int) -> float:
        barrier = threading.Barrier(self.multiple + 1, timeout=60)
        self.written = [0] * self.multiple
        share = count // self.multiple
        writers = [
            threading.Thread(target=self._write, args=(writer, share, barrier), daemon=True)
            for writer in range(self.multiple)
        ]
        for writer in writers:
            writer.start()
        barrier.wait()
        start = now()
        for writer in writers:
            writer.join(120)
        elapsed = now() - start
        if sum(self.written) != count:
            raise Lost("a writer did not write all")
        return elapsed


WORKS: dict[str, type[Work]] = {
    "map-get": Get,
    "map-set": Set,
    "table-get": Get,
    "table-scan": Scan,
    "table-load": Load,
    "durable": Durable,
}

if __name__ == "__main__":
    main(WORKS, None if lmdb else "lmdb")

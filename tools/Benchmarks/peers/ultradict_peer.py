"""UltraDict: a dictionary in each process, kept alike by a stream of changes in shared memory."""

from time import perf_counter_ns as now

from harness import Cycle, Skip, Work, entries, first_word, fresh_name, key, main, random_order, value

try:
    from UltraDict import UltraDict
except ImportError:
    UltraDict = None

# Room for the changes of all entries and of a million more: when the stream is full, the whole dictionary is written.
STREAM = 1 << 28


class Map(Work):
    MOST = 1_000_000

    def prepare(self) -> None:
        count, size = self.parameters.number("entries", self.MOST), self.parameters.bytes
        if count > self.MOST:
            raise Skip(f"more than {self.MOST} entries take minutes to load")
        self.map = UltraDict(name=fresh_name(), create=True, buffer_size=STREAM)
        self.map.update(entries(count, size))
        order = random_order(count)
        self.keys = Cycle([key(number) for number in order])
        self.pairs = Cycle([(key(number), value(number, size)) for number in order])

    def finish(self) -> None:
        if hasattr(self, "map"):
            self.map.close(unlink=True)


class MapGet(Map):
    def run(self, count: int) -> float:
        mapping, total = self.map, 0
        start = now()
        for name in self.keys.take(count):
            total += first_word(mapping[name])[0]
        return now() - start


class MapSet(Map):
    def run(self, count: int) -> float:
        mapping = self.map
        start = now()
        for name, data in self.pairs.take(count):
            mapping[name] = data
        return now() - start


WORKS: dict[str, type[Work]] = {
    "map-get": MapGet,
    "map-set": MapSet,
}

if __name__ == "__main__":
    main(WORKS, None if UltraDict else "UltraDict")

let oneWriter = Opponent(.cellar, "Cellar, one writer", "writers=1")

let tableRows: [Row] = [
    Row(
        "table, get of 1000000", "table-get", "entries=1000000",
        beside: [Opponent(.lmdb), Opponent(.sqlite), Opponent(.lmdbPython)],
        goals: [.ratio(.lmdb, 1.15)]),
    Row(
        "table, scan, an entry", "table-scan", "entries=1000000",
        beside: [Opponent(.lmdb), Opponent(.sqlite), Opponent(.lmdbPython)],
        goals: [.ratio(.lmdb, 1 / 0.9)]),
    Row(
        "table, batch put, an entry", "table-load", "entries=100000",
        beside: [
            Opponent(.lmdb), Opponent(.lmdb, "LMDB, in C, appending", "append=1"), Opponent(.sqlite),
            Opponent(.lmdbPython),
        ],
        goals: [.ratio(.lmdb, 1 / 0.9)]),
    Row(
        "table, YCSB E of 1000000, puts on disk", "table-scans-and-puts", "shape=E entries=1000000 synced=1",
        beside: [Opponent(.lmdb, work: "map-mixed"), Opponent(.sqlite, work: "map-mixed")]),
    Row("durable, one writer", "durable", "writers=1", beside: [Opponent(.lmdb), Opponent(.sqlite), Opponent(.redis)]),
    Row(
        "durable, 64 writers", "durable", "writers=64",
        beside: [oneWriter, Opponent(.lmdb), Opponent(.sqlite), Opponent(.redis)],
        goals: [.ratio(oneWriter.title, 1.0 / 30)]),
]

let memoryRows: [Row] = [
    Row(
        "memory, of a word's cell among 100000", "memory-cell", "entries=100000", unit: .bytes,
        beside: [Opponent(.boost)],
        goals: [.figure(192)]),
    Row(
        "memory, of an entry of 1000000 beside key and value", "memory-entry", "entries=1000000", unit: .bytes,
        beside: [Opponent(.lmdb), Opponent(.redis), Opponent(.boost), Opponent(.memcached)], goals: [.figure(64)]),
    Row("memory, of an attached process", "memory-process", unit: .bytes),
    Row("idle, processor time of an attached process in a second", "idle", goals: [.figure(1e6)]),
]

var lifeRows: [Row] { openings + rest }

private var openings: [Row] {
    [100, 10_000, 1_000_000].flatMap { cells -> [Row] in
        [
            Row(
                "open, warm, of \(cells) cells", "open-warm", "entries=\(cells)",
                beside: [Opponent(.lmdb), Opponent(.boost), Opponent(.sqlite)], goals: [.figure(1e6)]),
            Row(
                "open, cold, of \(cells) cells", "open-cold", "entries=\(cells)",
                beside: [Opponent(.lmdb), Opponent(.sqlite)], goals: [.figure(5e6)]),
        ]
    }
}

private let rest: [Row] = [
    Row(
        "recovery, next writer after SIGKILL", "recovery", beside: [Opponent(.bare, "bare robust mutex, in C")],
        goals: [.figure(200_000)]),
    Row(
        "checkpoint, of 64 MiB", "checkpoint", "bytes=67108864",
        beside: [Opponent(.bare, "write and fsync, in C"), Opponent(.lmdb)]),
]

func dictionaryRows(large: Bool) -> [Row] {
    var rows = accessRows(1_000_000) + mixtureRows(1_000_000)
    if large { rows += accessRows(10_000_000) + mixtureRows(10_000_000) + pauseRows }
    return rows
}

private let servers = [
    Opponent(.redis), Opponent(.redis, "Redis, 64 at a time", "pipeline=64"), Opponent(.memcached),
    Opponent(.memcached, "memcached, 64 at a time", "pipeline=64"),
]

private func accessRows(_ entries: Int) -> [Row] {
    let others =
        [Opponent(.lmdb)] + servers + [
            Opponent(.sqlite), Opponent(.boost), Opponent(.lmdbPython),
            Opponent(.multiprocessing, "multiprocessing's Manager, 10,000", "entries=10000"),
            Opponent(.ultraDict, "UltraDict, 10,000", "entries=10000"),
        ]
    let title = "of \(entries)"
    return [
        Row(
            "dictionary, get \(title)", "map-get", "entries=\(entries)", beside: others,
            goals: [.ratio(.lmdb, 0.25), .ratio(.redis, 1.0 / 60), .ratio("Redis, 64 at a time", 1.0 / 3)]),
        Row(
            "dictionary, get \(title) in large pages", "map-get", "entries=\(entries) pages=large",
            beside: [Opponent(.lmdb)], goals: [.ratio(.lmdb, 0.25)]),
        Row("dictionary, set \(title)", "map-set", "entries=\(entries)", beside: others),
    ]
}

private let oneProcess = Opponent(.cellar, "Cellar, one process", "processes=1")

/// YCSB's mixtures, which one process does, and several.
private func mixtureRows(_ entries: Int) -> [Row] {
    let others = [Opponent(.lmdb), Opponent(.redis), Opponent(.memcached), Opponent(.sqlite), Opponent(.boost)]
    func row(_ shape: String, _ processes: Int, _ extra: String = "", _ goals: [Goal] = []) -> Row {
        Row(
            "dictionary, YCSB \(shape) of \(entries) by \(processes)", "map-mixed",
            "shape=\(shape) entries=\(entries) processes=\(processes)\(extra)", beside: others, goals: goals)
    }
    let alone = ["A", "B", "C", "D", "F"].map { row($0, 1) }
    var two = row("B", 2, " cpus=0,1", [.ratio(oneProcess.title, 1 / 1.8)])
    let bare = [
        Opponent(.bare, "bare entries, in C"), Opponent(.bare, "bare entries, in C, one process", "processes=1"),
    ]
    two.opponents = [oneProcess] + bare + others
    return alone + [two, row("A", 2, " cpus=0,1"), row("B", 4), row("B", 8)]
}

/// The longest call beside a thread that fills a dictionary.
private let pauseRows: [Row] = ["get", "set"].map { call in
    Row(
        "pause, longest \(call) while 10000000 entries come in", "pause-\(call)", "entries=10000000",
        beside: [Opponent(.cellar, "doing nothing meanwhile", work: "pause-nothing")])
}

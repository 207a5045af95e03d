var valueRows: [Row] { words + structs + underAWriter + lookups }

private let everyone: [Opponent] = [
    Opponent(.bare), Opponent(.boost), Opponent(.multiprocessing), Opponent(.redis), Opponent(.memcached),
]
private let sizes = [64, 1024, 65536]

private var words: [Row] {
    ["load", "store", "add"].map { work in
        Row(
            "word, \(work)", "word-\(work)", beside: everyone.filter { $0.program != .boost },
            goals: [.ratio(.bare, 1.2)])
    }
}

private var structs: [Row] {
    sizes.flatMap { bytes -> [Row] in
        let isSmall = bytes == 64
        let size = "bytes=\(bytes)"
        return [
            Row(
                "struct, load of \(bytes) bytes", "block-load", size, beside: everyone,
                goals: isSmall ? [.figure(4)] : []),
            Row(
                "struct, store of \(bytes) bytes", "block-store", size, beside: everyone,
                goals: isSmall ? [.ratio(.bare, 1.3)] : []),
        ]
    }
}

private var underAWriter: [Row] {
    sizes.flatMap { bytes -> [Row] in
        Row(
            "struct, load of \(bytes) bytes under a writer", "block-load-written", "bytes=\(bytes)",
            beside: [Opponent(.bare), Opponent(.boost)], goals: bytes == 64 ? [.figure(60)] : []
        ).onOneProcessorAndTwo
    }
}

private var lookups: [Row] {
    [1_000, 100_000].map { cells in
        Row(
            "lookup by name, among \(cells)", "lookup", "entries=\(cells)",
            beside: [Opponent(.bare, "two reads in turn, in C"), Opponent(.boost), Opponent(.redis)],
            goals: [.ratio(.boost, 0.5)])
    }
}

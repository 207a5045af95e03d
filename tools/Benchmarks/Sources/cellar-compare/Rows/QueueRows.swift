var queueRows: [Row] { alone + throughput + many + turns + durable }

private let queues = [
    Opponent(.boost), Opponent(.multiprocessing), Opponent(.fasterFifo), Opponent(.iceoryx), Opponent(.posixIPC),
    Opponent(.redis),
]
private let sizes = [8, 64, 1024, 65536]

private var alone: [Row] {
    let boost = Opponent(.boost, work: "queue-alone")
    let ring = Opponent(.bare, "ring under a robust mutex, in C")
    return sizes.map { bytes -> Row in
        Row(
            "queue, put and get of \(bytes) bytes, alone", "queue-alone", "bytes=\(bytes)", beside: [ring] + queues,
            goals: bytes == 64 ? [.ratio(.boost, 1)] : [])
    } + [
        Row("queue, the same, persistent", "queue-alone", "bytes=64 persistent=1", beside: [boost]),
        Row("queue, lease and acknowledge of 64 bytes", "queue-leases", "bytes=64", beside: [boost]),
        Row("queue, 64 at a time, alone", "queue-batch-alone", "bytes=64 batch=64", beside: [boost]),
    ]
}

private var throughput: [Row] {
    let pipe = Opponent(.multiprocessing, "multiprocessing's Pipe", work: "pipe")
    return sizes.flatMap { bytes -> [Row] in
        Row(
            "queue, \(bytes) bytes, process to process", "queue", "bytes=\(bytes) producers=1 consumers=1",
            beside: queues + [pipe], goals: bytes == 64 ? [.ratio(.multiprocessing, 0.05), .ratio(.fasterFifo, 1)] : []
        ).onOneProcessorAndTwo
    }
}

private var many: [Row] {
    [(2, 2), (4, 1), (1, 4), (4, 4)].map { producers, consumers -> Row in
        Row(
            "queue, 64 bytes, \(producers) to \(consumers) processes", "queue",
            "bytes=64 producers=\(producers) consumers=\(consumers)", beside: queues)
    }
}

private var turns: [Row] {
    let batches = Row(
        "queue, 64 at a time, process to process", "queue-batch",
        "bytes=64 batch=64 producers=1 consumers=1", beside: [Opponent(.fasterFifo), Opponent(.redis)])
    let turns = Row(
        "queue, turns", "queue-turns", "bytes=64",
        beside: queues + [Opponent(.multiprocessing, "multiprocessing's Pipe", work: "pipe-turns")])
    return batches.onOneProcessorAndTwo + turns.onOneProcessorAndTwo
}

private var durable: [Row] {
    [
        Row(
            "queue, durable put, 64 producers", "queue-durable", "writers=64", beside: [oneWriter],
            goals: [.ratio(oneWriter.title, 1.0 / 30)])
    ]
}

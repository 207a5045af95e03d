var wakeRows: [Row] { wakes + pipes + streams }

private let futex = Opponent(.bare, "bare futex, in C")
private let pythonTurns = Opponent(.multiprocessing, "multiprocessing's Pipe", work: "pipe-turns")

private var wakes: [Row] {
    let watcher = Row(
        "wake, a watcher of a value", "wake",
        beside: [futex, Opponent(.multiprocessing), Opponent(.posixIPC), Opponent(.boost)])
    let waiter = Row(
        "wake, a waiter of an event", "wake-event", "by=event",
        beside: [
            Opponent(.bare, "bare futex, in C", work: "wake"), Opponent(.multiprocessing, work: "wake"),
            Opponent(.posixIPC, work: "wake"), Opponent(.boost, work: "wake"),
        ])
    return watcher.onOneProcessorAndTwo + waiter.onOneProcessorAndTwo
}

private let pipes: [Row] = [
    Row("pipe, send and receive, alone", "pipe-alone"),
    Row(
        "pipe, turns, both awake, two processors", "turns", "cpus=0,1",
        beside: [Opponent(.bare, "bare cache line, in C"), pythonTurns], goals: [.ratio("bare cache line, in C", 2)]),
    Row(
        "pipe, turns, one processor", "turns-asleep", "cpus=0,0", beside: [futex, pythonTurns],
        goals: [.ratio("bare futex, in C", 1.3)]),
]

private var streams: [Row] {
    [64, 65536].flatMap { bytes -> [Row] in
        Row(
            "pipe, \(bytes) bytes", "pipe", "bytes=\(bytes)",
            beside: [Opponent(.multiprocessing, "multiprocessing's Pipe")]
        ).onOneProcessorAndTwo
    }
}

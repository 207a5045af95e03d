var lockRows: [Row] { alone + fought }

private let bare = Opponent(.bare, work: "lock")

private let alone: [Row] = [
    Row(
        "lock, alone", "lock", beside: [bare, Opponent(.boost), Opponent(.multiprocessing), Opponent(.posixIPC)],
        goals: [.ratio(.bare, 1.2)]),
    Row("lock, with recovery", "lock-recovering", beside: [bare]),
    Row("lock, of a struct, changing it", "lock-value", beside: [bare]),
    Row("lock, of readers", "lock-read", beside: [bare]),
    Row("lock, of a writer", "lock-write", beside: [bare]),
    Row("lock, recursive", "lock-recursive", beside: [bare]),
    Row("semaphore, a permit around nothing", "permit", beside: [bare]),
    Row("condition, that is met", "condition-met", beside: [bare]),
    Row("event, wait for one that is set", "event-wait", beside: [bare]),
    Row("event, set", "event-set", beside: [bare]),
    Row("once, that is done", "once", beside: [bare]),
    Row("semaphore, acquire and release", "semaphore", beside: [bare, Opponent(.posixIPC, work: "lock")]),
]

private var fought: [Row] {
    [2, 4, 8].flatMap { processes -> [Row] in
        Row(
            "lock, fought over by \(processes) processes", "lock-fought", "processes=\(processes)",
            beside: [Opponent(.bare), Opponent(.boost), Opponent(.multiprocessing), Opponent(.posixIPC)]
        ).onOneProcessorAndTwo
    }
}

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

import Cellar

/// Every work by its name.
var allWorks: [String: (Place) throws -> Work] {
    [
        valueWorks, lockWorks, arrayWorks, dictionaryWorks, tableWorks, transactionWorks, queueWorks, wakeWorks,
        lifeWorks,
        memoryWorks, pauseWorks,
    ].reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }
}

/// What other processes do in some of them.
var allParts: [String: (Store, Place) throws -> (_ count: Int) throws -> Double] {
    [
        "writer": ValueParts.writer, "locker": LockParts.locker, "mixed": DictionaryParts.mixed,
        "producer": QueueParts.producer, "consumer": QueueParts.consumer, "turns": QueueParts.turns,
        "sleeper": WakeParts.sleeper, "echo": WakeParts.echo, "holder": LifeParts.holder, "locked": LifeParts.locked,
    ]
}

import BenchmarkSupport
import Cellar
import Glibc

/// Opening, writing to disk, and going on after a process was killed.
var lifeWorks: [String: (Place) throws -> Work] {
    [
        "open-warm": { place in
            try fill(place)
            // Somebody has it open.
            let holder = try Parts("holder", count: 1, at: place)
            return Work(run: { _ in try opening(place) {} }, isOwnFigure: true) {
                holder.end()
                place.remove()
            }
        },
        "open-cold": { place in
            try fill(place)
            return Work(
                run: { _ in try opening(place) { try Store.discardSegment(of: place.path) } }, isOwnFigure: true
            ) {
                place.remove()
            }
        },
        "recovery": recovery,
        "checkpoint": checkpoint,
    ]
}

private func fill(_ place: Place) throws {
    let store = try place.open()
    defer { store.close() }
    for index in 0..<place.entries { _ = try store.value(entryName(index), initial: index) }
    try store.sync(timeout: .seconds(120))
}

/// The median of some: open, find one value, read it.
private func opening(_ place: Place, _ before: () throws -> Void) throws -> Double {
    let name = entryName(place.entries / 2)
    var samples = Samples()
    for _ in 0..<5 {
        try before()
        let start = now()
        let store = try place.open()
        let seen = try store.value(name, initial: -1).load()
        samples.add(now() - start)
        store.close()
        guard seen == place.entries / 2 else { throw Skip("the value is another") }
    }
    return samples.median
}

/// From just before a holder of a value's lock is killed until the next has changed the value: the median of some.
private func recovery(_ place: Place) throws -> Work {
    let store = try place.open()
    let (block, held) = (try store.value("block", initial: Block64()), try store.value("held", initial: 0))
    return place.work(store, isOwnFigure: true) { _ in
        var samples = Samples()
        for number in 1...20 {
            held.store(0)
            let holder = try Parts("locked", count: 1, at: place)
            holder.first.send("go 1")
            let deadline = now() + 10e9
            while held.load() == 0 { guard now() < deadline else { throw Skip("nobody took the lock") } }
            // It is to be asleep, with all of its threads.
            usleep(1000)
            let start = now()
            holder.first.kill()
            try block.withLock { $0.a = number }
            samples.add(now() - start)
            holder.end()
        }
        return samples.median
    }
}

/// Brings to disk what was changed all over a large array: the median of some, when there is something to write over.
private func checkpoint(_ place: Place) throws -> Work {
    let store = try place.open(quiet: true)
    let array = try store.array("array", of: UInt8.self, count: place.number("bytes", default: 64 << 20))
    var round: UInt8 = 0
    func once() throws -> Double {
        round &+= 1
        try array.fill(round)
        return try time { try store.sync(timeout: .seconds(120)) }
    }
    for _ in 0..<3 { _ = try once() }
    return place.work(store, isOwnFigure: true) { _ in
        var samples = Samples()
        for _ in 0..<5 { samples.add(try once()) }
        return samples.median
    }
}

enum LifeParts {
    /// Has the store open, and says how much memory of its own another one takes.
    static func holder(_ store: Store, _ place: Place) throws -> (Int) throws -> Double {
        let before = try privateBytes()
        let other = Place(path: "\(place.path)-\(getpid())", parameters: place.parameters)
        defer { other.remove() }
        let opened = try other.open(quiet: true)
        defer { opened.close() }
        let value = try opened.value("value", initial: 1)
        let bytes = try privateBytes() - before
        return { _ in bytes + Double(value.load() - value.load()) }
    }

    /// Holds a value's lock until it is killed.
    static func locked(_ store: Store, _ place: Place) throws -> (Int) throws -> Double {
        let (block, held) = (try store.value("block", initial: Block64()), try store.value("held", initial: 0))
        return { _ in
            try block.withLock { _ in
                held.store(1)
                sleep(60)
            }
            return 0
        }
    }
}

import BenchmarkSupport
import Cellar
import Glibc

/// How long it takes until another process goes on.
var wakeWorks: [String: (Place) throws -> Work] {
    [
        "wake": { place in
            try wake(place) { store in
                let value = try store.value("stamp", initial: 0)
                return { value.store($0) }
            }
        },
        "wake-event": { place in
            try wake(place) { store in
                let (stamp, event) = (try store.value("stamp", initial: 0), try store.event("event"))
                return { now in
                    stamp.store(now)
                    try event.set()
                }
            }
        },
        "pipe-alone": { place in
            let store = try place.open()
            let pipe = try store.pipe("pipe", capacity: 4096)
            let (first, second) = (try pipe.open(.first), try pipe.open(.second))
            return place.work(store) { count in try time { try PipeLoops.alone(first, second, count) } }
        },
        "turns": pipeTurns,
        "turns-asleep": pipeTurns,
        "pipe-turns": pipeTurns,
        "pipe": stream,
    ]
}

/// From just before the signal until the one who slept goes on: the median of some.
private func wake(_ place: Place, _ prepare: (Store) throws -> (Int) throws -> Void) throws -> Work {
    let store = try place.open()
    let signal = try prepare(store)
    let sleeper = try Parts("sleeper", count: 1, at: place)
    let wakes = place.number("wakes", default: 100)
    return Work(
        run: { _ in
            try sleeper.run(share: wakes) {
                for _ in 0..<wakes {
                    // Long enough to be asleep.
                    usleep(2000)
                    try signal(Int(now()))
                }
                usleep(2000)
                try signal(-1)
            }.answers[0]
        }, isOwnFigure: true,
        finish: {
            sleeper.end()
            store.close()
            place.remove()
        })
}

/// Messages to and fro.
private func pipeTurns(_ place: Place) throws -> Work {
    let (store, end, other) = try opened(place)
    return Work { count in
        let rounds = count / 2 + 1
        let taken = try other.run(share: rounds) { try PipeLoops.turns(end, rounds) }.nanoseconds
        return taken * Double(count) / Double(2 * rounds)
    } finish: {
        end.close()
        other.end()
        store.close()
        place.remove()
    }
}

/// Messages one way, until the last was received.
private func stream(_ place: Place) throws -> Work {
    let (store, end, other) = try opened(place)
    return Work { count in
        try other.run(share: count) { try PipeLoops.send(end, count, place.bytes) }.nanoseconds
    } finish: {
        end.close()
        other.end()
        store.close()
        place.remove()
    }
}

private func opened(_ place: Place) throws -> (Store, PipeEnd, Parts) {
    let store = try place.open()
    let end = try store.pipe("pipe", capacity: place.bytes > 1024 ? 1 << 20 : 65536).open(.first)
    return (store, end, try Parts("echo", count: 1, at: place))
}

enum WakeParts {
    static func sleeper(_ store: Store, _ place: Place) throws -> (Int) throws -> Double {
        let value = try store.value("stamp", initial: 0)
        let event = try store.event("event")
        var seen = try value.versioned()
        let byEvent = place.parameters["by"] == "event"
        return { _ in
            var samples = Samples()
            while true {
                let stamp: Int
                let awake: Double
                if byEvent {
                    guard try event.wait(timeout: .seconds(30)) else { throw Skip("nobody woke it") }
                    awake = now()
                    // Before looking: who sets it afterwards wakes again.
                    try event.clear()
                    stamp = value.load()
                } else {
                    guard let next = try value.wait(after: seen.version, timeout: .seconds(30)) else {
                        throw Skip("nobody woke it")
                    }
                    awake = now()
                    (stamp, seen) = (next.value, next)
                }
                if stamp < 0 { return samples.median }
                samples.add(awake - Double(stamp))
            }
        }
    }

    /// Answers messages, or only takes them where there are `bytes`.
    static func echo(_ store: Store, _ place: Place) throws -> (Int) throws -> Double {
        let end = try store.pipe("pipe").open(.second)
        let answers = place.parameters["bytes"] == nil
        return { count in
            for _ in 0..<count {
                if answers {
                    guard let number = try end.receive(as: Int.self) else { throw Skip("the pipe was closed") }
                    try end.send(number)
                } else {
                    _ = try end.receive { $0.byteCount }
                }
            }
            return 0
        }
    }
}

private enum PipeLoops {
    @inline(never)
    static func alone(_ first: PipeEnd, _ second: PipeEnd, _ count: Int) throws {
        var sum = 0
        for number in 0..<count {
            try first.send(number)
            sum &+= try second.receive(as: Int.self) ?? 0
        }
        sink(sum)
    }

    @inline(never)
    static func turns(_ end: PipeEnd, _ rounds: Int) throws {
        for number in 0..<rounds {
            try end.send(number)
            _ = try end.receive(as: Int.self)
        }
    }

    @inline(never)
    static func send(_ end: PipeEnd, _ count: Int, _ size: Int) throws {
        for number in 0..<count {
            try unsafe end.send(byteCount: size) { bytes in
                _ = unsafe memset(bytes.baseAddress!, Int32(number & 0xFF), bytes.count)
            }
        }
    }
}

import Cellar
import CellarTestSupport
import Glibc

/// One worker's life: looks whether all is as its journal says, then works until it is killed or told to finish.
final class TortureWorker {
    private let path: String
    private let number: Int
    private let journal: Journal
    private let items: [Item]
    private let sabotage: Sabotage?
    private var random: SeededRandom
    private var store: Store
    private var commons: Commons
    private let queueWork: QueueWork

    /// How often a common cell was added to: the tracks after those of the items.
    private var counterTrack: Journal.Track { journal.track(100) }
    private var lockedTrack: Journal.Track { journal.track(101) }

    init(directory: String, number: Int, life: UInt64, seed: UInt64, sabotage: Sabotage?) throws {
        path = directory + "/store"
        self.number = number
        self.sabotage = sabotage
        journal = try Journal(directory + "/journal-\(number)")
        queueWork = try QueueWork(directory, number, journal)
        items = Item.all(of: number)
        random = SeededRandom(seed: seed &+ UInt64(number) &* 0x1_0000_0001 &+ life &* 0x100_0000_01B3)
        journal[.began] = nanoseconds()
        store = try Self.open(path, number)
        commons = try Commons(store)
        journal[.began] = 0
    }

    private static func open(_ path: String, _ number: Int) throws -> Store {
        var options = Store.Options()
        options.processName = "torture-\(number)"
        options.checkpointInterval = .milliseconds(50)
        options.lockTimeout = .seconds(25)
        return try Store.open(path, options)
    }

    func run(onlyLook: Bool) throws {
        try timed { try verify() }
        while !onlyLook, journal[.finish] == 0 {
            do { try timed { try step() } } catch {
                journal[.errors] += 1
                report("worker \(number): \(error)")
            }
            journal[.operations] += 1
        }
        try timed { try verify() }
        store.close()
    }

    private func timed(_ body: () throws -> Void) rethrows {
        journal[.began] = nanoseconds()
        defer { journal[.began] = 0 }
        try body()
    }

    // MARK: Work

    private func step() throws {
        switch Int.random(in: 0..<1000, using: &random) {
        case ..<620: try advance(Int.random(in: 0..<items.count, using: &random))
        case ..<760: try workTogether()
        case ..<940: if let fault = try commons.fault() { note(.torn, fault) }
        case ..<970: try save()
        case ..<980: _ = try store.cells()
        case ..<985: try lookReadOnly()
        case ..<990: try reopen()
        default: try look(Int.random(in: 0..<items.count, using: &random))
        }
    }

    private func advance(_ index: Int) throws {
        let track = journal.track(index)
        let next = track.done + 1
        track.begun = next
        try work(index, next)
        track.done = next
    }

    private func work(_ index: Int, _ next: Int) throws {
        // The first item is a plain word, of which nothing else depends.
        if let sabotage, index == 0, next % 10 == 0 {
            switch sabotage {
            case .lost: return
            case .hung: sleep(3600)
            case .torn:
                var block = Checksummed(number: 5)
                block.words[7] ^= 1
                try commons.block.store(block)
            }
        }
        try items[index].advance(store, next)
    }

    private func workTogether() throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 8...: if let fault = try commons.locks.step(&random) { note(.torn, fault) }
        case 5...7: if let fault = try queueWork.step(commons.queue, &random) { note(fault.0, fault.1) }
        case 0:
            counterTrack.begun += 1
            commons.counter.add(1)
            counterTrack.done += 1
        case 1:
            lockedTrack.begun += 1
            try commons.locked.withLock { $0 = Triple($0.first + 1) }
            lockedTrack.done += 1
        case 2: try commons.block.store(Checksummed(number: random.next() >> 1))
        case 3:
            let purse = Int.random(in: 0..<Commons.purses, using: &random)
            try commons.lend(Int.random(in: 1...9, using: &random), to: purse)
        default:
            let from = Int.random(in: 0..<Commons.accounts, using: &random)
            let to = Int.random(in: 0..<Commons.accounts, using: &random)
            try commons.move(Int.random(in: 1...9, using: &random), from: from, to: to)
        }
    }

    /// What was done before `sync` is on disk after it.
    private func save() throws {
        let tracks = items.indices.map { journal.track($0) } + [counterTrack, lockedTrack]
        let done = tracks.map(\.done)
        do throws(StoreError) { try store.sync(timeout: .seconds(25)) } catch {
            // Somebody died in the middle of an array, and did not come back yet to put it right: said, and not saved.
            if error.code == .ownerDied { return }
            throw error
        }
        for (track, number) in zip(tracks, done) { track.saved = number }
    }

    private func lookReadOnly() throws {
        let other = try Store.open(path, .readOnly)
        defer { other.close() }
        if let fault = try Commons(other).fault() { note(.torn, "read-only: \(fault)") }
    }

    private func reopen() throws {
        store.close()
        store = try Self.open(path, number)
        commons = try Commons(store)
    }

    // MARK: Looking

    /// The worker's own items are as its journal says; and after the memory was dropped, as the disk may have them.
    private func verify() throws {
        // Whoever died while changing the catalogue has been mended once its lock was had.
        _ = try store.value("fence \(number)", initial: 0, persistence: .volatile)
        try store.remove("fence \(number)")
        for index in items.indices {
            let track = journal.track(index)
            let item = items[index]
            var range = track.done...track.begun
            if journal[.memoryDropped] != 0, !item.isDurable {
                range = item.isVolatile ? 0...0 : track.saved...track.begun
            }
            let state = try check(index, range) ?? track.begun
            track.saved = min(track.saved, state)
            track.done = state
            track.begun = state
        }
        if let fault = try commons.fault() { note(.torn, fault) }
        journal[.memoryDropped] = 0
    }

    private func look(_ index: Int) throws {
        let track = journal.track(index)
        _ = try check(index, track.done...track.done)
    }

    /// The newest of these states that is what is there; nil, and counted, if none is.
    private func check(_ index: Int, _ range: ClosedRange<Int>) throws -> Int? {
        let seen = try items[index].look(store)
        if let state = range.reversed().first(where: seen.fits) { return state }
        note(seen.isTorn ? .torn : .lost, "\(items[index].name) is \(seen.description), not of \(range)")
        return nil
    }

    private func note(_ what: Journal.Field, _ description: String) {
        journal[what] += 1
        report("worker \(number): \(what): \(description)")
    }
}

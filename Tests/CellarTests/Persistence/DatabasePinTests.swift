import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

/// Lookers are not known to writers; pins keep what they look at. See `Database+Pins.swift`.
@Suite struct DatabasePinTests {
    let scratch = DatabaseScratch()
    private let second: Int64 = 1_000_000_000

    @Test func aSnapshotStaysWholeWhileItIsPinned() throws {
        #expect(try intactEntries(pinned: true) == 300)
    }

    /// Shows that the test above would notice.
    @Test func withoutPinsTheSnapshotIsOverwritten() throws {
        #expect(try intactEntries(pinned: false) < 300)
    }

    /// Reads 300 entries in a looker's snapshot after ten later commits replaced them all; returns how many were as before.
    private func intactEntries(pinned: Bool) throws -> Int {
        let database = try scratch.database()
        let table = try database.table("t")
        try replaceAll(database, table, with: 1)
        if pinned { try database.rotatePins(now: MonotonicClock.now()) }
        let looker = try scratch.looker()
        let seen = try #require(try looker.named("t"))
        var intact = 0
        // One run, unchecked: what is tested here is the pages, not the check at the end.
        try looker.plainRead { (snapshot: borrowing ReadTransaction) throws(StoreError) in
            for value in 2...11 as ClosedRange<UInt8> { try replaceAll(database, table, with: value) }
            for index in 0..<300 {
                let bytes = try? snapshot.value(of: ChunkKey(uid: UInt64(index), chunk: 0).bytes.span, in: seen)
                if bytes == [UInt8](repeating: 1, count: 1000) { intact += 1 }
            }
        }
        return intact
    }

    private func replaceAll(_ database: Database, _ table: NamedDatabase, with value: UInt8) throws(StoreError) {
        try database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            for index in 0..<300 {
                let key = ChunkKey(uid: UInt64(index), chunk: 0).bytes
                try transaction.put([UInt8](repeating: value, count: 1000).span, for: key.span, in: table)
            }
        }
    }

    @Test func thePinsCoverAFullGracePeriodAtAnyTime() throws {
        let database = try scratch.database()
        let table = try database.table("t")
        var latest: [(time: Int64, transaction: UInt64)] = []
        // Commits at irregular times over a minute; after each, the oldest pin must be at least as old as the snapshot that
        // was the latest 5 s ago.
        var random = SeededRandom(seed: 5)
        var now: Int64 = 0
        while now < 60 * second {
            now += Int64.random(in: 1...(second), using: &random)
            try database.rotatePins(now: now)
            try database.put([1, .random(in: 0...255, using: &random)], for: [1], in: table)
            latest.append((now, UInt64(database.environment.lastTransaction)))
            let wanted = latest.last { $0.time <= now - 5 * second }?.transaction ?? 0
            let tooOld = latest.last { $0.time <= now - 12 * second }?.transaction ?? 0
            let pinned = database.pins.withLock { $0.oldestTransaction } ?? .max
            #expect(pinned <= max(wanted, latest[0].transaction))
            #expect(pinned >= tooOld)
        }
    }

    @Test func pinsAreSeenByOthersAndGivenBack() throws {
        let database = try scratch.database()
        #expect(try database.statistics().readersInUse == 0)
        try database.rotatePins(now: 0)
        try database.rotatePins(now: 6 * second)
        try database.rotatePins(now: 12 * second)
        #expect(try database.statistics().readersInUse == 2)
        database.releasePins()
        #expect(try database.statistics().readersInUse == 0)
    }

    @Test func aSlowReadIsRepeatedWhenTheDatabaseMovedOn() throws {
        let database = try scratch.database()
        let table = try database.table("t")
        try database.put([1], for: [1], in: table)
        let looker = try scratch.looker { $0.grace = .milliseconds(20) }
        let seen = try #require(try looker.named("t"))
        var runs = 0
        let value = try looker.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            runs += 1
            if runs == 1 {
                usleep(30_000)
                for value in 2...9 as ClosedRange<UInt8> { try database.put([value], for: [1], in: table) }
            }
            return try transaction.value(of: [1].span, in: seen)
        }
        #expect(value == [9])
        #expect(runs == 2)
    }

    @Test func aSlowReadOfAQuietDatabaseCounts() throws {
        let database = try scratch.database()
        try database.put([1], for: [1], in: database.table("t"))
        let looker = try scratch.looker { $0.grace = .milliseconds(2) }
        var runs = 0
        try looker.read { _ throws(StoreError) in
            runs += 1
            usleep(20_000)
        }
        #expect(runs == 1)
    }

    @Test func aReadThatIsAlwaysTooSlowEnds() throws {
        let database = try scratch.database()
        let table = try database.table("t")
        let looker = try scratch.looker { $0.grace = .milliseconds(2) }
        let code = codeThrown {
            try looker.read { _ throws(StoreError) in
                usleep(3_000)
                for value in 1...3 as ClosedRange<UInt8> { try database.put([value], for: [1], in: table) }
            }
        }
        #expect(code == .timedOut)
    }

    @Test func theDeadAreClearedOnlyUnderPinsThatProtect() throws {
        let database = try scratch.database { $0.grace = .milliseconds(50) }
        try database.rotatePins(now: MonotonicClock.now())
        // A process that dies with a reader slot taken: its slot's owner is no longer there.
        #expect(try database.clearDeadReaders() == 0)
        usleep(60_000)
        #expect(try database.clearDeadReaders() == 0)
        #expect(try database.statistics().readersInUse == 1)
    }
}

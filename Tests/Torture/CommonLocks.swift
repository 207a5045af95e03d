import Cellar
import CellarTestSupport

/// Locks that all workers take: whoever is in one leaves its mark, and finds it there when it goes.
///
/// A worker that is killed inside leaves its mark as well, which the next overwrites: so that marks differ tells of two who were
/// in at once, whoever died.
struct CommonLocks {
    private let mutex: SharedMutex
    private let recursive: SharedRecursiveMutex
    private let readWrite: SharedReadWriteLock
    private let permits: SharedSemaphore
    private let marks: [SharedValue<UInt64>]
    private static let permitCount = 2

    init(_ store: Store) throws {
        mutex = try store.mutex("common/mutex")
        recursive = try store.recursiveMutex("common/recursive mutex")
        readWrite = try store.readWriteLock("common/read-write lock")
        permits = try store.semaphore("common/semaphore", count: Self.permitCount, bound: Self.permitCount)
        marks = try (0..<3).map { try store.value("common/mark \($0)", initial: 0, persistence: .volatile) }
    }

    /// Takes one of them; what was wrong.
    func step(_ random: inout SeededRandom) throws -> String? {
        let mine = random.next() | 1
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return try mutex.withLock(recovering: { marks[0].store(0) }) { alone(0, mine, "mutex") }
        case 1:
            return try recursive.withLock {
                try recursive.withLock { alone(1, mine, "recursive mutex") }
            }
        case 2: return try readWrite.withWriteLock { alone(2, mine, "read-write lock") }
        case 3: return try readWrite.withReadLock { stays() }
        default: return try permits.withPermit { rest() }
        }
    }

    private func alone(_ index: Int, _ mine: UInt64, _ name: String) -> String? {
        marks[index].store(mine)
        for _ in 0..<3_000 where marks[index].load() != mine { return "the common \(name), which has two in it" }
        return nil
    }

    /// Nobody writes while somebody reads.
    private func stays() -> String? {
        let seen = marks[2].load()
        for _ in 0..<3_000 where marks[2].load() != seen {
            return "the common read-write lock, which has a writer beside readers"
        }
        return nil
    }

    private func rest() -> String? {
        permits.available < Self.permitCount
            ? nil : "the common semaphore, of which somebody has a permit that is to be had"
    }

    /// While nobody works: all permits have come back.
    func fault() throws -> String? {
        for _ in 0..<Self.permitCount { try permits.acquire() }
        try permits.release(Self.permitCount)
        return permits.available == Self.permitCount ? nil : "the common semaphore, which has \(permits.available)"
    }
}

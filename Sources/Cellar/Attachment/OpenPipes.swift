import Synchronization

/// The ends of pipes that this process has open, to be given up when the store is closed.
final class OpenPipes: Sendable {
    private struct Entry: Sendable {
        weak let end: PipeEndCore?
    }
    private let ends = Mutex<[ObjectIdentifier: Entry]>([:])

    func add(_ end: PipeEndCore) { ends.withLock { $0[ObjectIdentifier(end)] = Entry(end: end) } }

    func remove(_ end: PipeEndCore) { ends.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(end)) } }

    func shutDown() {
        // Outside of the lock: what lets go of an end comes back here.
        for entry in ends.withLock({ Array($0.values) }) { entry.end?.shutDown() }
    }
}

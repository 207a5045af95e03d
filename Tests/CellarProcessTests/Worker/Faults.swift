import CInterposer
import Cellar
import CellarTestSupport
import Glibc

/// Lets each call fail that asks the system for something, one after the other, until an operation goes through without
/// meeting the one that was to fail.
struct FaultRun {
    let path: String
    /// Whether the operation makes the store, or opens one that is there.
    let makes: Bool
    /// Whether all later calls fail too.
    let isForever: Bool

    func run() throws {
        if !makes { try prepare() }
        var errors: [String: Int] = [:]
        var number = 0
        var acknowledged = 0
        while number < 5_000 {
            number += 1
            let base = acknowledged + 1
            interposer_fail(Int64(number), isForever)
            let (failure, synced) = attempt(base)
            let calls = interposer_calls()
            let name = unsafe interposer_failed().map { unsafe String(cString: $0) }
            interposer_fail(0, false)
            if synced { acknowledged = base }
            if let failure {
                guard let failure = failure as? StoreError else {
                    return say("wrong \(number) \(name ?? "?"): \(failure)")
                }
                errors["\(name ?? "?") \(failure.code.rawValue)", default: 0] += 1
                if name == nil { return say("wrong \(number): without a fault: \(failure)") }
            }
            // Nothing is lost, and it works again.
            do {
                try check(acknowledged, started: base)
                acknowledged = base + 1
                try again(acknowledged)
            } catch { return say("wrong \(number) \(name ?? "?"), then: \(error)") }
            if makes { try Store.remove(path) }
            if makes { acknowledged = 0 }
            if name == nil {
                for (error, count) in errors.sorted(by: { $0.key < $1.key }) { say("error \(count) \(error)") }
                return say("calls \(calls) failed \(number - 1)")
            }
        }
        say("wrong: no end")
    }

    private func prepare() throws {
        let store = try Store.open(path)
        try store.value("number", initial: 0).store(0)
        store.close()
    }

    /// The operation: opens, reads what is cold, makes cells for which the segment grows, syncs, removes, closes.
    private func attempt(_ number: Int) -> (failure: (any Error)?, synced: Bool) {
        var synced = false
        do {
            var options = Store.Options()
            options.checkpointInterval = .seconds(3600)
            let store = try Store.open(path, options)
            defer { store.close() }
            let cell = try store.value("number", initial: 0)
            cell.store(number)
            try store.array("large", of: Int.self, count: 400_000).store(number, at: 399_999)
            try store.sync()
            synced = true
            try store.remove("large")
            return (nil, synced)
        } catch {
            return (error, synced)
        }
    }

    /// After a reboot, what was acknowledged is there, or what was begun after it.
    private func check(_ acknowledged: Int, started: Int) throws {
        do throws(StoreError) { try Store.discardSegment(of: path) } catch {
            if makes, acknowledged == 0, error.code == .noSuchStore { return }
            throw error
        }
        let store = try Store.open(path, .readOnly)
        defer { store.close() }
        guard try store.contains("number") else {
            if makes, acknowledged == 0 { return }
            throw PowerLossRounds.Broken("a cell is lost")
        }
        let found = try store.value("number", of: Int.self).load()
        guard found == acknowledged || found == started || makes && acknowledged == 0 && found == 0 else {
            throw PowerLossRounds.Broken("\(found), not \(acknowledged) or \(started)")
        }
    }

    private func again(_ number: Int) throws {
        let (failure, _) = attempt(number)
        if let failure { throw failure }
        try Store.discardSegment(of: path)
        let store = try Store.open(path, .readOnly)
        defer { store.close() }
        guard try store.value("number", of: Int.self).load() == number, try !store.contains("large") else {
            throw PowerLossRounds.Broken("the next try is not on the disk")
        }
    }
}

import Cellar

extension CrashScenario {
    private static func events(_ store: Store) throws -> SharedLog<Checksummed> {
        try store.log("events", options: LogOptions(capacity: 6))
    }

    private static func checkEntries(_ log: SharedLog<Checksummed>) throws {
        let found = try log.entries()
        guard found.map(\.offset) == Array(log.offsets), found.count <= 6 else {
            throw Wrong("it has the entries \(found.map(\.offset)), and says \(log.offsets)")
        }
        for entry in found where !entry.element.isWhole || entry.element.number != entry.offset {
            throw Wrong("entry \(entry.offset) is torn, or another")
        }
    }

    static let logs: [CrashScenario] = [
        .on("restore entries of a log", done: 8) { store in
            _ = try store.log("kept", of: Int.self, options: LogOptions(capacity: 6))
        } operate: { store in
            let log = try store.untypedLog("kept")
            while case let next = max(log.offsets.upperBound, 100), next < 108 {
                try log.restore([(offset: next, time: next * 10, element: "\(next)")])
            }
        } state: { store in
            let log = try store.log("kept", of: Int.self)
            let (found, next) = (try log.entries(), log.offsets.upperBound)
            guard found.map(\.offset) == Array(log.offsets), found.allSatisfy({ $0.element == $0.offset }),
                // The oldest goes before the next is there.
                next == 0 || (max(100, next - 6)...max(100, next - 5)).contains(log.offsets.lowerBound)
            else { throw Wrong("it has the entries \(found.map(\.offset)), and says \(log.offsets)") }
            return next == 0 ? 0 : Int(next) - 100
        },
        .on("make a log and append to it", done: 10) { _ in
        } operate: { store in
            let log = try events(store)
            while log.offsets.upperBound < 10 { try log.append(Checksummed(number: log.offsets.upperBound)) }
        } state: { store in
            let log = try events(store)
            try checkEntries(log)
            return Int(log.offsets.upperBound)
        },
        .on("take entries of a log", done: 4) { store in
            let log = try events(store)
            try log.append(contentsOf: (0..<4).map { Checksummed(number: $0) })
        } operate: { store in
            let group = try events(store).group("readers")
            while group.position < 2 { _ = try group.take() }
            while group.position < 4 { try group.commit(through: group.next()[0].offset) }
        } state: { store in
            let log = try events(store)
            try checkEntries(log)
            return Int(try log.group("readers").position)
        },
    ]
}

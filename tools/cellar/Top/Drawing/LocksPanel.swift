import Cellar

/// Locks and signals by how many wait for them.
enum LocksPanel {
    static func table(_ sample: Sample, _ sorting: Int, _ filter: NameFilter) -> PanelTable {
        let locks = sorted(sample.locks.filter { filter.keeps($0.name) }, by: Panel.locks.sortings[sorting])
        return PanelTable(
            columns: [
                .init(title: "NAME"), .init(title: "KIND", width: 15), .init(title: "WAIT", width: 4, isRight: true),
                .init(title: "LONGEST", width: 11, isRight: true), .init(title: "HELD", width: 11, isRight: true),
                .init(title: "HOLDERS", width: 24), .init(title: "STATE", width: 20),
            ], count: locks.count, row: { row(locks[$0]) })
    }

    private static func row(_ lock: LockInfo) -> [PanelTable.Piece] {
        let isHeld = !lock.holders.isEmpty
        let isDead = lock.holders.contains { !$0.isAlive }
        return [
            .init(text: lock.name, style: isHeld ? .bold : .plain), .init(text: lock.kind.rawValue, style: .plain),
            .init(text: "\(lock.waiters.count)", style: lock.waiters.isEmpty ? .plain : .warning),
            .init(text: PanelText.duration(longest(lock.waiters)), style: .plain),
            .init(text: PanelText.duration(longest(lock.holders)), style: .plain),
            .init(text: lock.holders.map(name).joined(separator: ", "), style: isDead ? .bad : .plain),
            .init(text: lock.state ?? (isHeld || lock.kind == .condition ? "" : "free"), style: .dim),
        ]
    }

    private static func longest(_ parties: [LockInfo.Party]) -> Duration? { parties.compactMap(\.duration).max() }

    private static func name(_ party: LockInfo.Party) -> String {
        let name = party.processName.isEmpty ? "?" : party.processName
        return "\(name) (\(party.processID)\(party.isAlive ? "" : ", dead"))"
    }

    /// By waiters: then what is held comes before what is free.
    private static func sorted(_ locks: [LockInfo], by sorting: String) -> [LockInfo] {
        func time(_ lock: LockInfo) -> Duration { longest(lock.holders + lock.waiters) ?? .zero }
        return switch sorting {
        case "waiters": locks.sorted { ($0.waiters.count, $0.holders.count) > ($1.waiters.count, $1.holders.count) }
        case "time": locks.sorted { time($0) > time($1) }
        default: locks
        }
    }
}

import Cellar

/// The processes that have the store open.
enum ProcessesPanel {
    static func table(_ sample: Sample, _ sorting: Int, _ filter: NameFilter) -> PanelTable {
        let processes = sorted(sample.processes.filter { filter.keeps($0.name) }, by: Panel.processes.sortings[sorting])
        let holds = holdings(sample.locks)
        return PanelTable(
            columns: [
                .init(title: "PID", width: 8, isRight: true), .init(title: "NAME"), .init(title: "STATE", width: 5),
                .init(title: "UP", width: 14, isRight: true), .init(title: "ROLE", width: 12),
                .init(title: "HOLDS", width: 5, isRight: true), .init(title: "WAITS", width: 5, isRight: true),
                .init(title: "SINCE", width: 19),
            ], count: processes.count, row: { row(processes[$0], sample, holds) })
    }

    private static func row(
        _ process: AttachmentInfo, _ sample: Sample, _ holds: [Int32: (held: Int, waited: Int)]
    ) -> [PanelTable.Piece] {
        let age = sample.time > process.startedAt ? sample.time - process.startedAt : 0
        let isCheckpointer = sample.figures?.segment?.checkpointer == process.processID
        let (held, waited) = holds[process.processID] ?? (0, 0)
        return [
            .init(text: "\(process.processID)", style: .plain), .init(text: process.name, style: .bold),
            .init(text: process.isAlive ? "alive" : "dead", style: process.isAlive ? .good : .bad),
            .init(text: HumanUnits.duration(.nanoseconds(Int64(clamping: age))), style: .plain),
            .init(text: isCheckpointer ? "checkpointer" : "", style: .accent),
            .init(text: "\(held)", style: .plain), .init(text: "\(waited)", style: waited > 0 ? .warning : .plain),
            .init(text: SystemCall.localTime(nanoseconds: process.startedAt), style: .dim),
        ]
    }

    /// How many locks each process holds, and waits for.
    private static func holdings(_ locks: [LockInfo]) -> [Int32: (held: Int, waited: Int)] {
        var result: [Int32: (held: Int, waited: Int)] = [:]
        for lock in locks {
            for party in lock.holders { result[party.processID, default: (0, 0)].held += 1 }
            for party in lock.waiters { result[party.processID, default: (0, 0)].waited += 1 }
        }
        return result
    }

    private static func sorted(_ processes: [AttachmentInfo], by sorting: String) -> [AttachmentInfo] {
        switch sorting {
        case "name": processes.sorted { $0.name < $1.name }
        case "state": processes.filter { !$0.isAlive } + processes.filter(\.isAlive)
        default: processes
        }
    }
}

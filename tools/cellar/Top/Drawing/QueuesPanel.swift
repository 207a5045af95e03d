/// Queues by how much is in them.
enum QueuesPanel {
    private static let trend = 20

    static func table(_ sample: Sample, _ sorting: Int, _ filter: NameFilter) -> PanelTable {
        let queues = sorted(sample.queues.filter { filter.keeps($0.name) }, by: Panel.queues.sortings[sorting])
        return PanelTable(
            columns: [
                .init(title: "NAME"), .init(title: "READY", width: 8, isRight: true),
                .init(title: "DELAYED", width: 7, isRight: true), .init(title: "LEASED", width: 7, isRight: true),
                .init(title: "DEAD", width: 5, isRight: true), .init(title: "OLDEST", width: 12, isRight: true),
                .init(title: "IN/S", width: 8, isRight: true), .init(title: "OUT/S", width: 8, isRight: true),
                .init(title: "DEPTH", width: trend, isTrend: true), .init(title: "CAPACITY", width: 9, isRight: true),
            ], count: queues.count, row: { row(queues[$0]) })
    }

    private static func row(_ queue: Sample.QueueRate) -> [PanelTable.Piece] {
        let isFull = queue.depth.unfinished >= queue.capacity
        return [
            .init(text: queue.name, style: queue.depth.unfinished > 0 ? .bold : .plain),
            .init(text: Printable.grouped(queue.depth.ready), style: isFull ? .warning : .plain),
            .init(text: Printable.grouped(queue.depth.delayed), style: .plain),
            .init(text: Printable.grouped(queue.depth.leased), style: .plain),
            .init(text: Printable.grouped(queue.depth.dead), style: queue.depth.dead > 0 ? .bad : .plain),
            .init(text: PanelText.duration(queue.oldestAge), style: .plain),
            .init(text: PanelText.rate(queue.putRate), style: .good),
            .init(text: PanelText.rate(queue.outRate), style: .good),
            .init(text: SparkLine.text(queue.history, width: trend), style: .accent),
            .init(text: Printable.grouped(queue.capacity), style: .dim),
        ]
    }

    private static func sorted(_ queues: [Sample.QueueRate], by sorting: String) -> [Sample.QueueRate] {
        switch sorting {
        case "depth": queues.sorted { $0.depth.unfinished > $1.depth.unfinished }
        case "age": queues.sorted { $0.oldestAge ?? .zero > $1.oldestAge ?? .zero }
        case "rate": queues.sorted { $0.putRate ?? 0 > $1.putRate ?? 0 }
        default: queues
        }
    }
}

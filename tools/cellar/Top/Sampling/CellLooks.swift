import Cellar

/// All cells of a store, looked at in turn: as many at a time as take no longer than they may.
struct CellLooks {
    private struct Looked {
        var info: CellInfo
        var probe: CellProbe?
        /// Whether there is no need to try and make a probe.
        var isHopeless = false
        /// When the changes were last taken out.
        var since: ContinuousClock.Instant
        var rate: Double?
        var isAtLeast = false
        var history = History()
    }

    private var cells: [Looked] = []
    private var next = 0
    private var isStale = true
    private let clock = ContinuousClock()

    /// What all looks together may take of a processor's time: this much at each.
    private static let allowance: Duration = .milliseconds(5)

    /// The store was opened anew: everything is looked up again, and what was seen of a cell stays as its history.
    mutating func forget() {
        for index in cells.indices { (cells[index].probe, cells[index].isHopeless) = (nil, false) }
        isStale = true
    }

    // MARK: Which cells there are

    private var nextListing: ContinuousClock.Instant?

    /// Lists the cells, unless that took long and was done not long ago.
    mutating func list(_ store: Store) throws(StoreError) {
        let start = clock.now
        if !isStale, let nextListing, start < nextListing { return }
        let infos = try store.cells()
        let known = Dictionary(cells.map { ($0.info.name, $0) }, uniquingKeysWith: { first, _ in first })
        cells = infos.map { info in
            guard var cell = known[info.name] else { return Looked(info: info, since: start) }
            // What has become another cell, or came into memory, is looked up anew.
            if cell.info != info { cell = Looked(info: info, since: start) }
            return cell
        }
        isStale = false
        next = 0
        nextListing = start + (clock.now - start) * 20
    }

    // MARK: Looking

    mutating func look(_ store: Store) {
        let deadline = clock.now + Self.allowance
        for _ in cells.indices {
            if next >= cells.count { next = 0 }
            look(next, store)
            next += 1
            if clock.now >= deadline { return }
        }
    }

    private mutating func look(_ index: Int, _ store: Store) {
        if cells[index].isHopeless { return }
        do throws(StoreError) {
            if cells[index].probe == nil {
                cells[index].probe = try CellProbe(cells[index].info, in: store)
                cells[index].since = clock.now
            }
            if cells[index].probe == nil { cells[index].isHopeless = true }
            try cells[index].probe?.look()
        } catch {
            // Removed, or damaged: the next listing says whether there is another of the name.
            cells[index].probe = nil
            if error.code == .removed || error.code == .noSuchCell {
                isStale = true
            } else {
                cells[index].isHopeless = true
            }
        }
    }

    /// What was seen since the last time.
    mutating func rates() -> [Sample.CellRate] {
        let now = clock.now
        for index in cells.indices { Self.take(&cells[index], now) }
        return cells.map { cell in
            Sample.CellRate(
                name: cell.info.name, kind: cell.info.kind.rawValue,
                type: cell.info.elementType ?? cell.info.form ?? cell.info.schema.description,
                bytes: cell.info.kind == .dictionary ? nil : cell.info.byteCount, isInMemory: cell.info.isInMemory,
                rate: cell.rate, isAtLeast: cell.isAtLeast, history: cell.history.values)
        }
    }

    private static func take(_ cell: inout Looked, _ now: ContinuousClock.Instant) {
        // The first look says what there is, and not what changes.
        guard let looks = cell.probe?.looks, looks > 0, cell.rate != nil || looks > 1 else { return }
        let (changes, count) = cell.probe?.take() ?? (0, 0)
        let seconds = max((now - cell.since) / .seconds(1), 1e-9)
        cell.rate = Double(changes) / seconds
        cell.isAtLeast = cell.probe?.isSampled == true && count > 2 && changes * 10 >= UInt64(count) * 9
        cell.since = now
        // Of a million cells that rest there is no history.
        if changes > 0 || !cell.history.values.isEmpty { cell.history.add(cell.rate ?? 0) }
    }
}

/// The last numbers of a series.
struct History {
    private(set) var values: [Double] = []
    private static let length = 60

    mutating func add(_ value: Double) {
        values.append(value)
        if values.count > Self.length { values.removeFirst(values.count - Self.length) }
    }
}

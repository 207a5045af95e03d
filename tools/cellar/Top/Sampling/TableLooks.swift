import Cellar

/// All tables of a store: how many entries they have, and how many more or fewer than at the last look.
struct TableLooks {
    private struct Looked {
        var time: ContinuousClock.Instant
        var count: Int
        var history: History
    }

    private var tables: [UntypedTable] = []
    private var seen: [String: Looked] = [:]
    private var nextListing: ContinuousClock.Instant?
    private let clock = ContinuousClock()

    /// The store was opened anew: tables are looked up again, and what was seen of them stays.
    mutating func forget() { (tables, nextListing) = ([], nil) }

    /// What there is now. Others may remove a table meanwhile.
    mutating func rates(in store: Store) throws(StoreError) -> [Sample.TableRate] {
        try list(store)
        var rates: [Sample.TableRate] = []
        var now: [String: Looked] = [:]
        for table in tables {
            do throws(StoreError) {
                let rate = try rate(table, seen[table.info.name])
                (now[table.info.name], _) = (rate.looked, rates.append(rate.rate))
            } catch {
                // The next listing says what is there instead.
                nextListing = nil
                if error.code != .removed, error.code != .noSuchCell { throw error }
            }
        }
        seen = now
        return rates
    }

    /// Lists the tables, unless that took long and was done not long ago.
    private mutating func list(_ store: Store) throws(StoreError) {
        let start = clock.now
        if let nextListing, start < nextListing { return }
        tables = []
        for info in try store.tables() {
            do throws(StoreError) { tables.append(try store.untypedTable(info.name)) } catch {
                if error.code != .noSuchCell { throw error }
            }
        }
        nextListing = start + (clock.now - start) * 20
    }

    private func rate(
        _ table: UntypedTable, _ last: Looked?
    ) throws(StoreError) -> (rate: Sample.TableRate, looked: Looked) {
        var looked = Looked(time: clock.now, count: try table.count(), history: last?.history ?? History())
        looked.history.add(Double(looked.count))
        let info = table.info
        var rate = Sample.TableRate(
            name: info.name, kind: info.kind.rawValue, type: "\(info.keyType): \(info.valueType)", count: looked.count,
            bytes: try table.byteCount(), history: looked.history.values)
        if let last {
            rate.growth = Double(looked.count - last.count) / max((looked.time - last.time) / .seconds(1), 1e-9)
        }
        return (rate, looked)
    }
}

import CCellar
import Glibc

/// Looks at a whole store without changing it, and has what recovery can mend mended.
struct StoreChecking {
    let directory: StoreDirectory

    /// All that one look found.
    struct Look {
        var findings: [StoreFinding] = []
        var counts: [StoreCount] = []
        /// Nothing was changed while it was looked at.
        var isOfOneMoment = true
    }

    private static let looks = 40
    private static let pause: UInt32 = 5_000

    /// Looks until nothing is found, or what is found was not being changed meanwhile. Where others never cease to change
    /// things, what was found each time counts.
    func run() throws(StoreError) -> Look {
        var always: Set<StoreFinding>?
        var last = Look()
        for number in 0..<Self.looks {
            if number > 0 { usleep(Self.pause) }
            last = try look()
            if last.isOfOneMoment && number > 0 || last.findings.isEmpty { return last }
            always = always?.intersection(last.findings) ?? Set(last.findings)
            if always?.isEmpty == true { break }
        }
        last.findings = last.findings.filter { always?.contains($0) == true }
        return last
    }

    // MARK: One look

    private func look() throws(StoreError) -> Look {
        var look = Look()
        guard try checkPages(&look) else { return look }
        let attachment: Attachment
        do throws(StoreError) {
            attachment = try Opening(directory: directory, options: .readOnly).look()
        } catch {
            guard error.code == .corruptSegment || error.code == .corruptDatabase else { throw error }
            let structure = error.code == .corruptSegment ? "header" : "records"
            look.findings.append(StoreFinding(kind: .damaged, structure: structure, text: error.message))
            if error.code == .corruptSegment { try lookAtDisk(&look) }
            return look
        }
        defer { attachment.shutDown() }
        var records = RecordCheck(catalogue: attachment.catalogue)
        guard let segment = attachment.segment else {
            try records.run()
            add(records, to: &look)
            return look
        }
        var memory = SegmentCheck(segment: segment)
        let stamp = memory.stamp
        memory.run()
        try records.run()
        look.isOfOneMoment = look.isOfOneMoment && memory.stamp == stamp
        look.findings += memory.findings
        look.counts += memory.counts
        add(records, to: &look)
        if Intent(segment: segment).operation == Intent.Operation.none { compare(memory, records, &look) }
        return look
    }

    /// The disk alone, where memory cannot be looked at.
    private func lookAtDisk(_ look: inout Look) throws(StoreError) {
        var options = Database.Options()
        options.access = .readOnly
        let catalogue = try Catalogue.open(try Database.open(directory: directory.path, options))
        var records = RecordCheck(catalogue: catalogue)
        try records.run()
        add(records, to: &look)
        try catalogue.database.close()
    }

    /// False if the file cannot be given to LMDB.
    private func checkPages(_ look: inout Look) throws(StoreError) -> Bool {
        guard directory.ownership != nil, let file = try DatabaseFile(path: directory.path + "/data.mdb") else {
            throw StoreError(.noSuchStore, "there is no store in '\(directory.path)': it has no data.mdb")
        }
        do throws(StoreError) {
            let (faults, pages, transaction) = try PageCheck.run(file)
            look.isOfOneMoment = try DatabaseHeader(reading: file).transaction == transaction
            look.counts.append(StoreCount(structure: "pages", count: pages, unit: "pages"))
            look.findings += faults.map { StoreFinding(kind: .damaged, structure: "pages", text: $0) }
        } catch {
            guard error.code == .corruptDatabase else { throw error }
            look.findings.append(StoreFinding(kind: .damaged, structure: "pages", text: error.message))
        }
        return look.findings.isEmpty
    }

    private func add(_ records: RecordCheck, to look: inout Look) {
        look.findings += records.findings
        look.counts.append(StoreCount(structure: "records", count: records.records.count, unit: "cells"))
        look.counts.append(StoreCount(structure: "values", count: records.chunks, unit: "chunks"))
    }

    /// What is said to be on disk is there, as memory has it.
    private func compare(_ memory: SegmentCheck, _ records: RecordCheck, _ look: inout Look) {
        for cell in memory.cells.values where cell.isLive && cell.isClean {
            let record = records.records[cell.name]
            if cell.isVolatile {
                guard record?.uid == cell.uid else { continue }
                look.findings.append(damaged("'\(cell.name)' is volatile, and on disk"))
            } else if record?.uid != cell.uid {
                look.findings.append(damaged("'\(cell.name)' is said to be on disk, and is not"))
            } else if record?.count != cell.count || record?.schemaText != cell.schema
                || record?.kind != cell.kind.record
            {
                look.findings.append(damaged("'\(cell.name)' is another kind of cell on disk"))
            }
        }
    }

    private func damaged(_ text: String) -> StoreFinding {
        StoreFinding(kind: .damaged, structure: "records", text: text)
    }

    // MARK: Repair

    /// Does what those who come next would do by and by: finishes or undoes what the dead were at, frees their places,
    /// makes their locks usable, and writes all of it to disk.
    static func repair(_ attachment: Attachment, timeout: Duration) throws(StoreError) {
        guard let segment = attachment.segment else { return }
        var failure: StoreError?
        try CellTable(segment: segment).forEachCell { cell throws(StoreError) in
            if cell.state == .live, cell.kind == .dictionary {
                do throws(StoreError) {
                    try DictionaryReference(cell).mendAbandoned(
                        until: MonotonicClock.deadline(after: timeout), as: attachment.slot)
                } catch {
                    failure = error
                }
            }
            guard cell.state == .live, cell.lock.isAbandoned else { return }
            do throws(StoreError) {
                let schema = try SchemaTable(segment: segment).schema(at: cell.schema)
                let reference = try CellReference(cell, size: schema.size, alignment: schema.alignment)
                try attachment.lock(reference, timeout: timeout)
                reference.lock.unlock()
            } catch { failure = error }
        }
        if let failure { throw failure }
        do throws(StoreError) { try attachment.sync(timeout: timeout) } catch {
            // Arrays that were being written in place: what they should hold is not ours to guess.
            if error.code != .ownerDied { throw error }
        }
    }

}

extension CellKind {
    /// The same kind on disk.
    var record: CellRecord.Kind {
        switch self {
        case .array: .array
        case .dictionary: .dictionary
        case .structure: .structure
        case .value, .droppedName: .value
        }
    }
}

import CCellar
import Glibc

extension SegmentCheck {
    // MARK: Types

    mutating func checkTypes() {
        let table = SchemaTable(segment: segment)
        var offset = segment.word(CELLAR_HEADER_SCHEMAS).acquire()
        var number = 0
        while offset != 0, number <= budget {
            let here = offset
            offset = 0
            number += 1
            attempt("types") { (check) throws(StoreError) in
                let record = try table.record(at: here)
                let size = MemoryLayout<cellar_schema>.size &+ record.textLength
                check.claim(Block(offset: here, size: Allocator.blockSize(size)), "a type")
                offset = record.next.relaxed()
                _ = try table.schema(at: here)
            }
        }
        if number > budget { note(.damaged, "types", "the list of types has no end") }
        count("types", number, "types")
    }

    // MARK: Cells

    mutating func checkCells() {
        var live = 0
        var uids: [UInt64: String] = [:]
        for index in 0..<Int(CELLAR_TABLE_PAGES) {
            attempt("cells") { (check) throws(StoreError) in
                guard let page = try CellTable(segment: check.segment).page(index) else { return }
                let offset = unsafe check.segment.offset(of: page.address)
                let size = MemoryLayout<cellar_table_page>.size
                check.claim(Block(offset: offset, size: Allocator.blockSize(size)), "page \(index) of the cell table")
                for slot in 0..<SegmentLayout.cellsPerPage where page.cell(slot).acquire() != 0 {
                    check.checkCell(page, slot, &live, &uids)
                }
            }
        }
        let said = segment.word(CELLAR_HEADER_LIVE_CELLS).acquire()
        if said != UInt64(live) { note(.damaged, "cells", "the header counts \(said) cells, and there are \(live)") }
        count("cells", live, "cells")
    }

    private mutating func checkCell(
        _ page: CellTable.Page, _ slot: Int, _ live: inout Int, _ uids: inout [UInt64: String]
    ) {
        let offset = page.cell(slot).acquire()
        let id = page.index << 12 + slot
        attempt("cells") { (check) throws(StoreError) in
            let cell = try CellHeader(segment: check.segment, at: offset)
            let name = Self.readable(try cell.name())
            guard let kind = cell.kind, let state = cell.state else {
                return check.note(.damaged, "cells", "'\(name)' is of no known kind, or in no known state")
            }
            if cell.id != id {
                check.note(.damaged, "cells", "'\(name)' has the id \(cell.id), and is listed as \(id)")
            }
            if !cell.lock.isSound { check.note(.damaged, "cells", "the lock of '\(name)' is no lock") }
            if state != .removed {
                live += 1
                check.claim(Block(offset: offset, size: cell.blockSize), "'\(name)'")
                for part in cell.partsElsewhere { check.claim(part, "a part of '\(name)'") }
                if let other = uids.updateValue(name, forKey: cell.uid) {
                    check.note(.damaged, "cells", "'\(name)' and '\(other)' have the same identity \(cell.uid)")
                }
                if cell.uid >= check.segment.word(CELLAR_HEADER_NEXT_UID).acquire() {
                    check.note(.damaged, "cells", "the identity \(cell.uid) of '\(name)' was never given")
                }
            }
            guard kind != .droppedName else { return }
            if kind == .dictionary {
                return try check.checkDictionary(cell, name, isLive: state != .removed, page, slot)
            }
            try check.checkContent(cell, name, kind, isLive: state != .removed, page, slot)
        }
    }

    private mutating func checkContent(
        _ cell: CellHeader, _ name: String, _ kind: CellKind, isLive: Bool, _ page: CellTable.Page, _ slot: Int
    ) throws(StoreError) {
        let schema = try SchemaTable(segment: segment).schema(at: cell.schema)
        let reference = try CellReference(cell, size: schema.size, alignment: schema.alignment)
        let bit: UInt64 = 1 << UInt64(slot & 63)
        let isClean = (page.dirty(slot >> 6).ordered() | page.taken(slot >> 6).ordered()) & bit == 0
        cells[cell.offset] = CheckedCell(
            id: cell.id, name: name, uid: cell.uid, kind: kind, count: cell.count,
            schema: kind == .structure ? try StructureReference(cell).form.text : schema.description,
            isLive: isLive, isClean: isClean && cell.record.acquire() == 0 && cell.state == .live,
            isVolatile: cell.isVolatile)
        guard isLive else { return }
        if cell.lock.isAbandoned { note(.unfinished, "cells", "the holder of the lock of '\(name)' died") }
        if kind == .array, let torn = ArrayRecovery(reference: reference, segment: segment).tornBytes, !cell.lock.isHeld
        {
            let stride = max(reference.stride, 1)
            note(
                .unfinished, "cells",
                "elements \(torn.lowerBound / stride)..<\((torn.upperBound + stride - 1) / stride) of '\(name)' were being "
                    + "written in place by a process that died: lock it with a repair that puts them right")
        }
        if kind == .structure { try checkParties(of: cell, name) }
        guard cell.state == .live else { return }
        if kind == .structure { return try checkStructure(StructureReference(cell), name) }
        try checkValues(reference, name, kind, schema)
    }

    private mutating func checkStructure(_ reference: StructureReference, _ name: String) throws(StoreError) {
        let form = try reference.form
        switch form.kind {
        case .queue: if let shape = QueueShape(parsing: form.text) { checkQueue(reference, shape, name) }
        // Those who use them check each word.
        case .log, .pipe, .list, .block: break
        // Looked at above, live or not.
        case .mutex, .recursiveMutex, .readWriteLock, .semaphore, .event, .condition, .barrier, .latch, .once: break
        }
    }

    /// The bytes are values of their type. Others may write them meanwhile, whole values at a time.
    private mutating func checkValues(
        _ reference: CellReference, _ name: String, _ kind: CellKind, _ schema: Schema
    ) throws(StoreError) {
        guard !schema.acceptsAllBits else { return }
        if kind == .value {
            let bytes = CellReader(reference: reference).bytes()
            if let fault = Self.fault(bytes, schema) {
                note(.damaged, "cells", "'\(name)' holds no value of its type: \(fault)")
            }
            return
        }
        var element = [UInt8](repeating: 0, count: reference.size)
        for index in 0..<reference.count {
            unsafe element.withUnsafeMutableBytes { target in
                unsafe SharedBytes.copyOut(
                    reference.payload + index * reference.stride, target.baseAddress!, count: reference.size)
            }
            if let fault = Self.fault(element, schema) {
                return note(.damaged, "cells", "element \(index) of '\(name)' is no value of its type: \(fault)")
            }
        }
    }

    private static func fault(_ bytes: [UInt8], _ schema: Schema) -> String? {
        do throws(StoreError) {
            unsafe try bytes.span.bytes.withUnsafeBytes { (raw) throws(StoreError) in try unsafe schema.check(raw) }
            return nil
        } catch { return error.message }
    }

    /// Names are bytes from memory: shown with what cannot be shown replaced.
    private static func readable(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "\u{FFFD}" : $0 }))
    }
}

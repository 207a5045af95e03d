import CellarTestSupport
import Testing

@testable import Cellar

/// `Store.check` of lists and logs that only the disk has: sound ones are whole, and each damage is told with the name.
struct ContentCheckTests {
    /// Nobody has anything of it in memory.
    private func fill(_ scratch: ScratchStore) throws {
        let store = try scratch.openQuiet()
        try store.list("flags", of: Bool.self, capacity: 100).append(contentsOf: [true, false, true])
        _ = try store.list("none", of: Bool.self, capacity: 100)
        let news = try store.log("news", of: Bool.self, options: LogOptions(capacity: 4))
        for number in 0..<6 { try news.append(number % 2 == 0) }
        try news.group("readers").seek(to: 5)
        try store.log("words", of: String.self).append("hello")
        _ = try store.log("empty", of: Bool.self)
        try store.createLog("begun", element: "bool").restore([(offset: 1000, time: 5, element: "true")])
        try store.sync()
        scratch.closeAll()
        try Store.discardSegment(of: scratch.path)
    }

    /// Overwrites bytes in the record of what a cell holds.
    private func damage(_ name: String, at offset: Int, _ bytes: [UInt8], in path: String) throws {
        let database = try Database.open(directory: path, Database.Options())
        let catalogue = try Catalogue.open(database)
        try database.write { (transaction) throws(StoreError) in
            guard let record = try catalogue.cell(named: name, in: transaction) else {
                throw StoreError(.noSuchCell, name)
            }
            let key = ChunkKey(uid: record.uid, chunk: UInt32(offset >> SegmentLayout.chunkShift))
            let room = UnsafeMutableRawBufferPointer.allocate(
                byteCount: min(SegmentLayout.chunkSize, Int(record.count)), alignment: 8)
            defer { unsafe room.deallocate() }
            unsafe room.initializeMemory(as: UInt8.self, repeating: 0)
            _ = unsafe try catalogue.readChunk(key, in: transaction, into: room)
            var chunk = unsafe [UInt8](room)
            let start = offset & (SegmentLayout.chunkSize - 1)
            chunk.replaceSubrange(start..<start + bytes.count, with: bytes)
            try catalogue.putChunk(key, chunk.span, in: transaction)
        }
        try database.close()
    }

    private func word(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }

    @Test func whatIsSoundIsNotReported() throws {
        try withScratchStore { scratch in
            try fill(scratch)
            let report = try Store.check(scratch.path)
            #expect(report.findings == [])
            #expect(report.counts.first { $0.structure == "lists" }?.count == 3)
            #expect(report.counts.first { $0.structure == "logs" }?.count == 4 + 1 + 1)
        }
    }

    private struct Damage {
        var name: String
        var offset: Int
        var bytes: [UInt8]
        var texts: [String]
    }

    private var damages: [Damage] {
        let news = LogShape(capacity: 4, room: 1, bytes: 0, age: 0, element: "bool")
        // Entry 5 of 4 is at the second place.
        let place = news.entries + news.stride
        return [
            Damage(name: "flags", offset: 0, bytes: word(101), texts: ["a list is said to have 101 elements"]),
            Damage(
                name: "flags", offset: ListShape.head + 1, bytes: [7, 9], texts: ["has at 1 no", "has at 2 no"]),
            Damage(name: "news", offset: place, bytes: word(2), texts: ["a log has no entry 5"]),
            Damage(name: "news", offset: place + 16, bytes: word(2), texts: ["a log has no entry 5"]),
            Damage(
                name: "news", offset: place + LogShape.entryHead, bytes: [7],
                texts: ["has at 5 an element of 1 bytes that is no 'bool'"]),
            Damage(name: "news", offset: place + 16, bytes: word(0), texts: ["has at 5 an element of 0 bytes"]),
            Damage(name: "news", offset: 0, bytes: word(9), texts: ["the entries 9 to 6, and room for 4"]),
            Damage(name: "news", offset: 8, bytes: word(1 << 40), texts: ["the entries 2 to \(1 << 40)"]),
            Damage(name: "news", offset: 24, bytes: word(65), texts: ["65 groups, and room for 64"]),
            Damage(name: "news", offset: LogShape.head + 8, bytes: word(49), texts: ["a name of 49 bytes"]),
        ]
    }

    @Test func damageOnDiskIsFound() throws {
        try withScratchStore { scratch in
            try fill(scratch)
            let whole = Files.read(scratch.path + "/data.mdb")
            for damage in damages {
                try self.damage(damage.name, at: damage.offset, damage.bytes, in: scratch.path)
                let findings = try Store.check(scratch.path).findings
                #expect(findings.count == damage.texts.count, "\(damage): \(findings)")
                for (finding, text) in zip(findings, damage.texts) {
                    #expect(finding.kind == .damaged && finding.text.contains(text), "\(damage): \(finding)")
                    #expect(finding.text.hasPrefix("'\(damage.name)'"), "\(finding)")
                    #expect(finding.structure == (damage.name == "flags" ? "lists" : "logs"))
                }
                Files.write(whole, to: scratch.path + "/data.mdb", truncating: true)
            }
            #expect(try Store.check(scratch.path).findings == [])
        }
    }

    /// What is in memory is looked at there, whatever the disk has of it; the rest on disk.
    @Test func memoryCountsWhereThereIsSome() throws {
        try withScratchStore { scratch in
            try fill(scratch)
            let store = try scratch.openQuiet()
            #expect(try store.list("flags", of: Bool.self).count == 3)
            scratch.closeAll()
            try damage("flags", at: ListShape.head, [7], in: scratch.path)
            #expect(try Store.check(scratch.path).findings == [])
            try damage("words", at: 8, word(2), in: scratch.path)
            let findings = try Store.check(scratch.path).findings
            #expect(findings.map(\.structure) == ["logs"] && findings[0].text.hasPrefix("'words'"), "\(findings)")
        }
    }

    /// What the disk says of a list's size takes no memory, and no time worth a word.
    @Test func hugeListsOfLittleAreQuick() throws {
        try withScratchStore { scratch in
            try fill(scratch)
            let database = try Database.open(directory: scratch.path, Database.Options())
            let catalogue = try Catalogue.open(database)
            let huge = ListShape(capacity: ListShape.mostElements, element: Schema(.scalar(.bool)))
            try database.write { (transaction) throws(StoreError) in
                guard var record = try catalogue.cell(named: "flags", in: transaction) else {
                    throw StoreError(.noSuchCell, "flags")
                }
                record.schemaText = huge.text
                record.count = UInt64(huge.form.byteCount)
                try catalogue.putCell(named: "flags", record, in: transaction)
                var chunk = [UInt8](repeating: 1, count: SegmentLayout.chunkSize)
                chunk.replaceSubrange(0..<8, with: word(UInt64(huge.capacity)))
                chunk[SegmentLayout.chunkSize - 1] = 2
                try catalogue.putChunk(ChunkKey(uid: record.uid, chunk: 0), chunk.span, in: transaction)
                chunk[0] = 3
                try catalogue.putChunk(ChunkKey(uid: record.uid, chunk: 1 << 20), chunk.span, in: transaction)
            }
            try database.close()
            let report = try Store.check(scratch.path)
            let places = [
                SegmentLayout.chunkSize - 1, (1 << 20) << SegmentLayout.chunkShift,
                ((1 << 20) + 1) << SegmentLayout.chunkShift - 1,
            ].map { $0 - ListShape.head }
            #expect(report.findings.count == 3)
            for (finding, place) in zip(report.findings, places) {
                #expect(finding.text.hasPrefix("'flags' has at \(place) no element"), "\(finding)")
            }
            #expect(report.counts.first { $0.structure == "lists" }?.count == huge.capacity)
        }
    }

    /// A list of damage says enough after the first faults.
    @Test func manyFaultsAreCutShort() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let flags = try store.list("flags", of: Bool.self, capacity: 1000)
            try flags.append(contentsOf: [Bool](repeating: true, count: 1000))
            try store.sync()
            scratch.closeAll()
            try Store.discardSegment(of: scratch.path)
            try damage("flags", at: ListShape.head, [UInt8](repeating: 3, count: 1000), in: scratch.path)
            #expect(try Store.check(scratch.path).findings.count == 20)
        }
    }
}

import CCellar
import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

/// `Store.check`: whole stores are whole, planted damage is found where it is, and nothing is changed by looking.
struct CheckTests {
    /// A store with a bit of everything in it, saved.
    private func fill(_ store: Store) throws {
        try store.value("word", initial: 0).store(5)
        _ = try store.value("block", initial: Checksummed(number: 3))
        _ = try store.value("flag", initial: true)
        _ = try store.value("gone", initial: Triple(1))
        _ = try store.value("first name", initial: Triple(2))
        _ = try store.value("passing", initial: 7, persistence: .volatile)
        let array = try store.array("numbers", of: Int.self, count: 20_000)
        try array.fill(7)
        try array.update(atomically: 10..<20) { $0.update(repeating: 8) }
        try store.array("triples", of: Triple.self, count: 1000).store(Triple(9), at: 500)
        for number in 0..<50 { _ = try store.value("many/\(number)", initial: number) }
        let queue = try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 10_000))
        try queue.put(contentsOf: 0..<5000)
        _ = try queue.get(upTo: 100)
        try store.list("flags", of: Bool.self, capacity: 100).append(contentsOf: [true, false])
        try store.log("news", of: Bool.self).append(true)
        try store.remove("gone")
        try store.rename("first name", to: "second name")
        try store.rename("second name", to: "third name")
        try store.sync()
    }

    /// Opens, saves what `body` does, and closes: no handle is left that knows a cell.
    private func use(_ scratch: ScratchStore, _ body: (Store) throws -> Void) throws {
        let store = try scratch.open()
        try body(store)
        try store.sync()
        scratch.closeAll()
    }

    private func expectWhole(_ path: String, location: SourceLocation = #_sourceLocation) throws {
        let report = try Store.check(path)
        #expect(report.findings == [], sourceLocation: location)
        #expect(report.isWhole, sourceLocation: location)
        #expect(report.counts.contains { $0.structure == "values" && $0.count > 0 }, sourceLocation: location)
    }

    @Test func wholeStoresAreWhole() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            try fill(store)
            try expectWhole(scratch.path)
            try store.value("word", of: Int.self).store(6)
            try expectWhole(scratch.path)
            scratch.closeAll()
            try expectWhole(scratch.path)
            _ = try scratch.reboot().array("numbers", of: Int.self)
            try expectWhole(scratch.path)
            scratch.closeAll()
            // Everything that was removed is used again.
            let again = try scratch.open()
            for number in 0..<50 { try again.remove("many/\(number)") }
            try again.remove("numbers")
            try again.remove("third name")
            try again.sync()
            scratch.closeAll()
            let last = try scratch.open()
            _ = try last.array("numbers", of: Int.self, count: 7_000)
            try last.sync()
            try expectWhole(scratch.path)
            try Store.discardSegmentAfterClosing(scratch)
            try expectWhole(scratch.path)
        }
    }

    @Test func lookingChangesNoByte() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            try fill(store)
            let segment = Files.segmentPath(try store.statistics().identity)
            scratch.closeAll()
            let files = Files.names(scratch.path).sorted()
            let before = files.map { Files.read("\(scratch.path)/\($0)") } + [Files.read(segment)]
            try expectWhole(scratch.path)
            #expect(Files.names(scratch.path).sorted() == files)
            #expect(files.map { Files.read("\(scratch.path)/\($0)") } + [Files.read(segment)] == before)
        }
    }

    // MARK: Planted damage

    /// Bytes to overwrite in the segment, and the structure that must then be found damaged.
    private struct Damage {
        var name: String
        var structure: String
        var offset: UInt64
        var bytes: [UInt8]
    }

    private func word(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }

    /// Where the cell of the name lies.
    private func cell(_ name: String, in segment: Segment) throws -> UInt64 {
        let seed = segment.word(CELLAR_HEADER_HASH_SEED).relaxed()
        let bytes = Array(name.utf8)
        return try #require(
            try unsafe bytes.withUnsafeBytes {
                try Directory(segment: segment).find(unsafe NameBytes($0, seed: seed))
            })
    }

    /// Where the structure of the name has its content.
    private func content(of name: String, in segment: Segment) throws -> UInt64 {
        let header = try CellHeader(segment: segment, at: cell(name, in: segment))
        return unsafe segment.offset(of: try StructureReference(header).cell.payload)
    }

    private func damages(_ segment: Segment) throws -> [Damage] {
        let number = try cell("many/7", in: segment)
        let flag = try cell("flag", in: segment)
        let array = try cell("numbers", in: segment)
        let cellOfArray = try CellHeader(segment: segment, at: array)
        let part = cellOfArray.word.relaxed()
        let (directory, slots) = try Directory(segment: segment).allSlots()
        let slot = try #require(slots.firstIndex { $0 & Directory.offsetMask == number })
        let slotOffset = directory.offset + 16 + UInt64(slot * 8)
        let free = try #require(
            (0..<Int(CELLAR_SMALL_CLASSES)).map { CELLAR_HEADER_FREE_SMALL + $0 * 8 }.first {
                segment.word($0).relaxed() != 0
            })
        let freeBlock = segment.word(free).relaxed()
        func header(_ offset: Int) -> UInt64 { UInt64(offset) }
        let list = try content(of: "flags", in: segment)
        let log = try content(of: "news", in: segment)
        let logShape = try #require(
            LogShape(parsing: StructureReference(CellHeader(segment: segment, at: cell("news", in: segment))).form.text)
        )
        return [
            Damage(
                name: "a list's count", structure: "lists", offset: list + UInt64(CELLAR_LIST_COUNT),
                bytes: word(1 << 20)),
            Damage(name: "a list's element", structure: "lists", offset: list + UInt64(ListShape.head), bytes: [7]),
            Damage(
                name: "a log's entry", structure: "logs",
                offset: log + UInt64(logShape.entries + MemoryLayout<cellar_log_entry>.size), bytes: [7]),
            Damage(name: "a state", structure: "cells", offset: number + UInt64(CELLAR_CELL_STATE), bytes: [9]),
            Damage(
                name: "a name's length", structure: "cells", offset: number + UInt64(CELLAR_CELL_NAME) + 6,
                bytes: [0, 0]),
            Damage(
                name: "a name's place", structure: "cells", offset: number + UInt64(CELLAR_CELL_NAME), bytes: word(1)),
            Damage(name: "a name", structure: "directory", offset: number + 128, bytes: [0x5A]),
            Damage(name: "a lock", structure: "cells", offset: number + 16, bytes: [0xFF, 0xFF, 0xFF]),
            Damage(name: "a block's size", structure: "memory", offset: number + 48, bytes: word(1 << 40)),
            Damage(name: "a block a bit larger", structure: "memory", offset: number + 48, bytes: word(176)),
            Damage(name: "a bool", structure: "cells", offset: flag + UInt64(CELLAR_CELL_WORD), bytes: [7]),
            Damage(name: "an array's size", structure: "cells", offset: part + 8, bytes: word(160_008)),
            Damage(name: "an array's elements", structure: "cells", offset: part, bytes: word(1 << 50)),
            Damage(name: "a slot emptied", structure: "directory", offset: slotOffset, bytes: word(0)),
            Damage(name: "a slot's place", structure: "directory", offset: slotOffset, bytes: word(slots[slot] + 16)),
            Damage(name: "a slot's tag", structure: "directory", offset: slotOffset + 6, bytes: [0xEE, 0xEE]),
            Damage(name: "the directory's size", structure: "directory", offset: directory.offset, bytes: word(1000)),
            Damage(
                name: "the directory", structure: "directory", offset: header(CELLAR_HEADER_DIRECTORY), bytes: word(8)),
            Damage(name: "a count", structure: "cells", offset: header(CELLAR_HEADER_LIVE_CELLS), bytes: word(3)),
            Damage(name: "a free block of itself", structure: "free lists", offset: freeBlock, bytes: word(freeBlock)),
            Damage(name: "a free block's size", structure: "free lists", offset: freeBlock + 8, bytes: word(48 << 20)),
            Damage(name: "a free list", structure: "free lists", offset: header(free), bytes: word(1 << 45)),
            Damage(name: "the end", structure: "header", offset: header(CELLAR_HEADER_CURSOR), bytes: word(1 << 45)),
            Damage(name: "the types", structure: "types", offset: header(CELLAR_HEADER_SCHEMAS), bytes: word(7)),
            Damage(
                name: "a type", structure: "types", offset: segment.word(CELLAR_HEADER_SCHEMAS).relaxed() + 33,
                bytes: [0]),
            Damage(name: "an intent", structure: "locks", offset: header(CELLAR_HEADER_INTENT), bytes: word(99)),
            Damage(
                name: "the catalogue's lock", structure: "header", offset: header(CELLAR_HEADER_ALLOCATION) + 16,
                bytes: [255, 255]),
            Damage(
                name: "a process", structure: "processes", offset: header(CELLAR_SEGMENT_PROCESSES) + 192 * 5,
                bytes: word(4)),
            Damage(name: "an identity", structure: "records", offset: number + 88 + 8, bytes: word(1)),
        ]
    }

    @Test func plantedDamageIsFoundWhereItIs() throws {
        try withScratchStore { scratch in
            try use(scratch) { try fill($0) }
            // What was removed is free once who knew it is gone, and somebody removes something.
            try use(scratch) { try $0.remove("many/49") }
            try use(scratch) { try $0.remove("many/48") }
            var segment = ""
            var damages: [Damage] = []
            try use(scratch) { store in
                segment = Files.segmentPath(try store.statistics().identity)
                damages = try self.damages(#require(store.attachment.segment))
            }
            let whole = Files.read(segment)
            try expectWhole(scratch.path)
            for damage in damages {
                Files.write(damage.bytes, to: segment, at: Int(damage.offset))
                let report = try Store.check(scratch.path)
                #expect(!report.isWhole, "\(damage.name)")
                let found = report.findings.filter { $0.kind == .damaged }.map(\.structure)
                #expect(found.contains(damage.structure), "\(damage.name): \(report.findings)")
                Files.write(whole, to: segment)
            }
            print("planted damage in memory found: \(damages.count)")
            try expectWhole(scratch.path)
        }
    }

    /// The check ended in a trap where a cell's block was said to be so large that its end was before its begin: the
    /// bounds of a range were the wrong way round.
    @Test(arguments: [UInt64.max, UInt64.max - 7, UInt64.max - 1 << 20])
    func aBlockThatWrapsAroundIsFound(size: UInt64) throws {
        try withScratchStore { scratch in
            var segment = ""
            var cell: UInt64 = 0
            try use(scratch) { store in
                segment = Files.segmentPath(try store.statistics().identity)
                try fill(store)
                cell = try self.cell("many/7", in: #require(store.attachment.segment))
            }
            Files.write(word(size), to: segment, at: Int(cell) + 48)
            let report = try Store.check(scratch.path)
            #expect(report.findings.contains { $0.kind == .damaged && $0.structure == "memory" }, "\(report.findings)")
            // Who removes such a cell gets an error, or leaves the block to nobody.
            let store = try scratch.open()
            _ = codeThrown { try store.remove("many/7") }
            #expect(try store.value("word", of: Int.self).load() == 5)
        }
    }

    /// Every page of the database's trees is looked at before LMDB is.
    @Test func damagedPagesAreFound() throws {
        try withScratchStore { scratch in
            try fill(try scratch.open())
            scratch.closeAll()
            try Store.discardSegment(of: scratch.path)
            let data = scratch.path + "/data.mdb"
            let whole = Files.read(data)
            var found = 0
            for page in 2..<whole.count / 4096 {
                for offset in [0, 10, 12, 14] {
                    var bytes = whole
                    bytes[page * 4096 + offset] ^= 0xFF
                    bytes[page * 4096 + offset + 1] ^= 0x3F
                    Files.write(bytes, to: data)
                    if try !Store.check(scratch.path).isWhole { found += 1 }
                }
            }
            Files.write(whole, to: data)
            print("damaged pages found: \(found)")
            // Free pages, and those within long values, may hold anything.
            #expect(found > 20)
            try expectWhole(scratch.path)
        }
    }

    @Test func whatIsNoStoreCannotBeChecked() throws {
        try withScratchStore { scratch in
            #expect(codeThrown { _ = try Store.check(scratch.path) } == .noSuchStore)
            try fill(try scratch.open())
            scratch.closeAll()
            Files.write(Array("hello".utf8), to: scratch.path + "/data.mdb", truncating: true)
            #expect(codeThrown { _ = try Store.check(scratch.path) } == .notAStore)
        }
    }
}

extension Store {
    fileprivate static func discardSegmentAfterClosing(_ scratch: ScratchStore) throws {
        scratch.closeAll()
        try Store.discardSegment(of: scratch.path)
    }
}

import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

@Suite struct CatalogueTests {
    let scratch = DatabaseScratch()

    private func catalogue() throws(StoreError) -> Catalogue { try .open(scratch.database(), creates: true) }

    @Test func theCatalogueIsMadeWholeAndFoundAgain() throws {
        let uuid = Identity.random()
        do {
            let database = try scratch.database()
            #expect(codeThrown { _ = try Catalogue.open(database) } == .noSuchStore)
            _ = try Catalogue.open(database, creates: true) { catalogue, transaction throws(StoreError) in
                try catalogue.set(.uuid, to: uuid, in: transaction)
                try catalogue.set(.nextUID, to: 17, in: transaction)
            }
            try database.close()
        }
        let database = try scratch.database()
        let catalogue = try Catalogue.open(database)
        try database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            #expect(try catalogue.value(of: .uuid, in: transaction) == uuid)
            #expect(try catalogue.value(of: .nextUID, in: transaction) == 17)
            #expect(try catalogue.value(of: .format, in: transaction) == 1)
            #expect(try catalogue.value(of: .device, in: transaction) == nil)
        }
    }

    @Test func anotherProgramsDatabaseIsRefusedAndNotChanged() throws {
        let database = try scratch.database()
        _ = try database.table("theirs")
        let before = scratch.read("data.mdb")
        #expect(codeThrown { _ = try Catalogue.open(database, creates: true) } == .notAStore)
        #expect(scratch.read("data.mdb") == before)
    }

    @Test func anotherFormatIsRefused() throws {
        let catalogue = try catalogue()
        try catalogue.database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            try catalogue.set(.format, to: 2, in: transaction)
        }
        #expect(codeThrown { _ = try Catalogue.open(catalogue.database) } == .incompatible)
        try catalogue.database.put(Array("one".utf8), for: Array("format".utf8), in: catalogue.meta)
        #expect(codeThrown { _ = try Catalogue.open(catalogue.database) } == .corruptDatabase)
    }

    @Test func cellsAreFoundListedAndRemoved() throws {
        let catalogue = try catalogue()
        let hits = CellRecord(uid: 1, kind: .value, schemaText: "int64")
        let pose = CellRecord(uid: 2, kind: .array, count: 1000, schemaText: "{x: double @0, y: double @8}")
        try catalogue.database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            try catalogue.putCell(named: "pose", pose, in: transaction)
            try catalogue.putCell(named: "hits", hits, in: transaction)
            #expect(try !catalogue.deleteCell(named: "hits", ifUID: 9, in: transaction))
            #expect(try !catalogue.deleteCell(named: "none", ifUID: 9, in: transaction))
        }
        var listed: [String] = []
        try catalogue.database.put([0xFF], for: Array("bad".utf8), in: catalogue.cells)
        try catalogue.database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            #expect(try catalogue.cell(named: "hits", in: transaction) == hits)
            #expect(try catalogue.cell(named: "pose", in: transaction) == pose)
            #expect(try catalogue.cell(named: "none", in: transaction) == nil)
            #expect(try catalogue.cell(named: "", in: transaction) == nil)
            #expect(try catalogue.cellCount(in: transaction) == 3)
            try catalogue.forEachCell(in: transaction) { name, record throws(StoreError) in
                listed.append("\(String(decoding: name, as: UTF8.self)):\(record?.uid ?? 0)")
            }
        }
        #expect(listed == ["bad:0", "hits:1", "pose:2"])
        try catalogue.database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            #expect(try catalogue.deleteCell(named: "hits", ifUID: 1, in: transaction))
            #expect(try catalogue.cell(named: "hits", in: transaction) == nil)
        }
    }

    @Test(arguments: ["", String(repeating: "x", count: 256)]) func aNameOfTheWrongLengthIsRefused(name: String) throws
    {
        let catalogue = try catalogue()
        let code = codeThrown {
            try catalogue.database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
                let record = CellRecord(uid: 1, kind: .value, schemaText: "int64")
                try catalogue.putCell(named: name, record, in: transaction)
            }
        }
        #expect(code == .invalidName)
    }

    @Test func chunksAreWrittenInPlaceComparedAndRemovedByCell() throws {
        let catalogue = try catalogue()
        try catalogue.database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            for uid in [1, 2, 3, 256] as [UInt64] {
                for chunk in [0, 1, 300] as [UInt32] {
                    let key = ChunkKey(uid: uid, chunk: chunk)
                    try unsafe catalogue.putChunk(key, byteCount: 5000, in: transaction) { target throws(StoreError) in
                        for index in target.indices { unsafe target[index] = UInt8(truncatingIfNeeded: uid) }
                    }
                }
            }
        }
        try catalogue.database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            #expect(try catalogue.deleteValues(of: 2, in: transaction) == 3)
            #expect(try catalogue.deleteValues(of: 2, in: transaction) == 0)
        }
        var chunks: [UInt32] = []
        try catalogue.database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            #expect(try transaction.count(of: catalogue.values) == 9)
            try catalogue.forEachChunk(of: 3, in: transaction) { chunk, bytes throws(StoreError) in
                chunks.append(chunk)
                return bytes.byteCount == 5000
            }
        }
        #expect(chunks == [0, 1, 300])
    }

    @Test func missingAndShortChunksStandForZeros() throws {
        let catalogue = try catalogue()
        let key = ChunkKey(uid: 1, chunk: 0)
        try catalogue.database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            try catalogue.putChunk(key, [1, 2, 3].span, in: transaction)
        }
        try catalogue.database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            #expect(try read(catalogue, key, 5, transaction) == [1, 2, 3, 0, 0])
            #expect(try read(catalogue, ChunkKey(uid: 1, chunk: 1), 2, transaction) == [0, 0])
            for (bytes, expected) in [
                ([1, 2, 3], true), ([1, 2, 3, 0], true), ([1, 2], false), ([1, 2, 4], false), ([1, 2, 3, 0, 1], false),
                ([], false),
            ] as [([UInt8], Bool)] {
                #expect(try matches(catalogue, key, bytes, transaction) == expected)
            }
            let missing = ChunkKey(uid: 9, chunk: 0)
            #expect(try matches(catalogue, missing, [], transaction))
            #expect(try matches(catalogue, missing, [0, 0, 0], transaction))
            #expect(try !matches(catalogue, missing, [0, 0, 1], transaction))
        }
        let code = codeThrown {
            try catalogue.database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
                _ = try read(catalogue, key, 2, transaction)
            }
        }
        #expect(code == .corruptDatabase)
    }

    private func matches(
        _ catalogue: Catalogue, _ key: ChunkKey, _ bytes: [UInt8], _ transaction: borrowing ReadTransaction
    ) throws(StoreError) -> Bool {
        try unsafe catalogue.chunkMatches(key, bytes.span.bytes, in: transaction)
    }

    private func read(
        _ catalogue: Catalogue, _ key: ChunkKey, _ count: Int, _ transaction: borrowing ReadTransaction
    ) throws(StoreError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
        defer { unsafe buffer.deallocate() }
        for index in buffer.indices { unsafe buffer[index] = 0xAA }
        _ = try unsafe catalogue.readChunk(key, in: transaction, into: buffer)
        return unsafe [UInt8](buffer)
    }

    @Test func aKeyOfTheWrongLengthIsReported() throws {
        let catalogue = try catalogue()
        try catalogue.database.put([1], for: ChunkKey(uid: 1, chunk: 0).bytes + [0], in: catalogue.values)
        let code = codeThrown {
            try catalogue.database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
                try catalogue.forEachChunk(of: 1, in: transaction) { _, _ throws(StoreError) in true }
            }
        }
        #expect(code == .corruptDatabase)
    }
}

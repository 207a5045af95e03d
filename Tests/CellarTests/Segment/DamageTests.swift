import Cellar
import CellarTestSupport
import Glibc
import Testing

/// A damaged segment or a foreign file: an error that says so, and what was checkpointed is there afterwards.
struct DamageTests {
    /// A store at rest whose segment is still there, with a value of 5 and an array of sevens. Returns the segment.
    private func prepare(_ scratch: ScratchStore) throws -> String {
        let store = try scratch.open()
        try store.value("value", initial: 0).store(5)
        try store.array("list", of: Int.self, count: 10_000).fill(7)
        _ = try store.value("triple", initial: Triple(3))
        try store.sync()
        let segment = Files.segmentPath(try store.statistics().identity)
        scratch.closeAll()
        return segment
    }

    private func expectWhole(_ store: Store) throws {
        #expect(try store.value("value", of: Int.self).load() == 5)
        #expect(try store.array("list", of: Int.self).values() == [Int](repeating: 7, count: 10_000))
        #expect(try store.value("triple", of: Triple.self).load() == Triple(3))
    }

    @Test(arguments: [0, 1, 100, 4096, 200_000, 233_983, 300_000])
    func aTruncatedSegment(size: Int) throws {
        try withScratchStore { scratch in
            let segment = try prepare(scratch)
            Files.setSize(segment, size)
            if size > 0 {
                #expect(codeThrown { _ = try scratch.open() } == .corruptSegment)
                #expect(codeThrown { _ = try scratch.openReadOnly() } == .corruptSegment)
                #expect(Files.size(segment) == size, "nothing was changed")
                try Store.discardSegment(of: scratch.path)
            }
            // Of no bytes at all it is one whose maker died, and is made anew.
            try expectWhole(scratch.open())
        }
    }

    @Test func aGarbageHeader() throws {
        try withScratchStore { scratch in
            let segment = try prepare(scratch)
            Files.write([UInt8](repeating: 0xA5, count: 4096), to: segment)
            #expect(codeThrown { _ = try scratch.open() } == .corruptSegment)
            #expect(codeThrown { _ = try scratch.openReadOnly() } == .corruptSegment)
            try Store.discardSegment(of: scratch.path)
            try expectWhole(scratch.open())
        }
    }

    @Test func anotherFormat() throws {
        try withScratchStore { scratch in
            let segment = try prepare(scratch)
            // The format's version, behind the magic number.
            Files.write([99, 0, 0, 0], to: segment, at: 8)
            #expect(codeThrown { _ = try scratch.open() } == .incompatible)
            #expect(codeThrown { _ = try scratch.openReadOnly() } == .incompatible)
            try Store.discardSegment(of: scratch.path)
            try expectWhole(scratch.open())
        }
    }

    /// Whatever bytes are in the segment: every operation comes back, with an error or without.
    @Test func randomBytesAnywhere() throws {
        try withScratchStore(seconds: 90) { scratch in
            var random = SeededRandom(for: "damage anywhere")
            for round in 0..<60 {
                let segment = try prepare(scratch)
                let size = Files.size(segment) ?? 0
                // The header, the process table, and above all what the cells lie in.
                let places = [0..<4096, 4096..<200_704, 200_704..<233_984, 233_984..<min(size, 420_000)]
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    let place = Int.random(in: places[Int.random(in: 0..<4, using: &random)], using: &random) & ~7
                    let wild = [0, .max, random.next(), UInt64(size), UInt64.random(in: 0...1 << 20, using: &random)]
                    var word = wild[Int.random(in: wild.indices, using: &random)]
                    unsafe withUnsafeBytes(of: &word) { _ = unsafe Files.write(Array($0), to: segment, at: place) }
                }
                useAll(scratch)
                scratch.closeAll()
                do { try Store.remove(scratch.path) } catch { Issue.record("round \(round): \(error)") }
            }
        }
    }

    /// Does a bit of everything; errors are fine.
    private func useAll(_ scratch: ScratchStore) {
        if let looking = try? scratch.openReadOnly() {
            _ = try? looking.cells()
            _ = try? looking.value("value", of: Int.self).load()
            _ = try? looking.array("list", of: Int.self).values()
            _ = looking.attachments()
        }
        guard let store = try? scratch.open({ $0.lockTimeout = .milliseconds(100) }) else { return }
        _ = try? store.cells()
        _ = try? store.statistics()
        _ = try? store.value("value", of: Int.self).add(1)
        if let list = try? store.array("list", of: Int.self) {
            _ = try? list.values()
            list[9_999] = 1
            try? list.update { $0[0] = 1 }
            try? list.fill(1)
        }
        if let triple = try? store.value("triple", of: Triple.self) {
            _ = try? triple.load()
            try? triple.withLock { $0 = Triple(4) }
        }
        for index in 0..<20 { _ = try? store.value("new \(index)", initial: Triple(index)) }
        try? store.rename("value", to: "renamed")
        try? store.remove("new 3")
        try? store.remove("list")
        try? store.sync(timeout: .milliseconds(300))
    }

    @Test func aForeignFileInPlaceOfTheDatabase() throws {
        try withScratchStore { scratch in
            let contents: [[UInt8]] = [
                Array("hello, this is not a database\n".utf8), [UInt8](repeating: 0, count: 65_536),
                [UInt8](repeating: 0xFF, count: 8192), Array("SQLite format 3\0".utf8) + [UInt8](repeating: 7, count: 8176),
            ]
            for content in contents {
                Files.removeTree(scratch.path)
                unsafe mkdir(scratch.path, 0o700)
                Files.write(content, to: scratch.path + "/data.mdb")
                let opened = codeThrown { _ = try scratch.open() }
                #expect([.notAStore, .corruptDatabase].contains(opened), "\(content.count) bytes: \(String(describing: opened))")
                let looked = codeThrown { _ = try scratch.openReadOnly() }
                #expect([.notAStore, .corruptDatabase].contains(looked), "\(content.count) bytes: \(String(describing: looked))")
                #expect(Files.read(scratch.path + "/data.mdb") == content, "it was left as it is")
            }
        }
    }
}

import Cellar
import CellarTestSupport
import Glibc
import Testing

/// Looking leaves no trace and cannot change anything.
struct ReadOnlyTests {
    @Test func everyWayToWriteIsRefused() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let original = try store.value("triple", initial: Triple(1))
            _ = try store.array("list", of: Int.self, count: 10)
            let looking = try scratch.openReadOnly()
            let triple = try looking.value("triple", of: Triple.self)
            let list = try looking.array("list", of: Int.self)
            #expect(codeThrown { try triple.store(Triple(2)) } == .readOnly)
            #expect(codeThrown { try triple.withLock { $0 = Triple(2) } } == .readOnly)
            #expect(codeThrown { _ = try triple.exchange(Triple(2)) } == .readOnly)
            #expect(codeThrown { try triple.compareExchange(expected: Triple(1), desired: Triple(2)) } == .readOnly)
            #expect(codeThrown { try list.fill(1) } == .readOnly)
            #expect(codeThrown { try list.update { $0[0] = 1 } } == .readOnly)
            #expect(codeThrown { try list.store(1, at: 0) } == .readOnly)
            #expect(codeThrown { try looking.sync() } == .readOnly)
            #expect(codeThrown { try looking.remove("list") } == .readOnly)
            #expect(codeThrown { try looking.rename("list", to: "other") } == .readOnly)
            #expect(codeThrown { _ = try looking.value("new", initial: 1) } == .noSuchCell)
            #expect(codeThrown { try looking.cell("list").setBytes([0, 0, 0, 0, 0, 0, 0, 1], at: 1) } == .readOnly)
            #expect(codeThrown { _ = try looking.create("made", schema: Schema.of(Int.self)) } != nil)
            #expect(try original.load() == Triple(1))
            #expect(try store.cells().map(\.name) == ["list", "triple"])
            // It follows what others do.
            try original.store(Triple(3))
            #expect(try triple.load() == Triple(3))
            #expect(looking.attachments().count == 1, "only the writer is attached")
        }
    }

    @Test func theMappingCannotBeWritten() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let identity = try store.statistics().identity
            let looking = try scratch.openReadOnly()
            let maps = Files.text("/proc/self/maps").split(separator: "\n").filter { $0.contains("cellar-\(identity)") }
            #expect(maps.contains { $0.contains(" rw-s ") } && maps.contains { $0.contains(" r--s ") })
            scratch.closeAll()
            _ = looking
        }
    }

    /// Directory and bytes are the same before and after, and there is nothing new in /dev/shm.
    @Test func lookingAtAStoreAtRestCreatesNothing() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            try store.value("number", initial: 0).store(5)
            try store.array("list", of: Float.self, count: 100_000).fill(0.5)
            let segment = Files.segmentPath(try store.statistics().identity)
            scratch.closeAll()
            try Store.discardSegment(of: scratch.path)
            let names = Files.names(scratch.path)
            let before = names.map { Files.read(scratch.path + "/" + $0) }
            let looking = try scratch.openReadOnly()
            #expect(try looking.value("number", of: Int.self).load() == 5)
            let list = try looking.array("list", of: Float.self)
            #expect(list[99_999] == 0.5 && list.count == 100_000)
            #expect(try looking.cells().map(\.isInMemory) == [false, false])
            #expect(try looking.statistics().segment == nil)
            #expect(codeThrown { _ = try looking.value("number", of: Float.self) } == .mismatch)
            #expect(codeThrown { try list.fill(1) } == .readOnly)
            #expect(Files.names(scratch.path) == names)
            #expect(!Files.exists(segment))
            scratch.closeAll()
            #expect(Files.names(scratch.path) == names)
            #expect(names.map { Files.read(scratch.path + "/" + $0) } == before)
        }
    }

    /// A cell that nobody has brought into memory, beside a living segment.
    @Test func coldCellsOfALivingStore() throws {
        try withScratchStore { scratch in
            var store = try scratch.open()
            for name in ["cold", "gone", "warm"] { try store.value(name, initial: 0).store(5) }
            store = try scratch.reboot()
            let warm = try store.value("warm", of: Int.self)
            warm.store(6)
            try store.remove("gone")
            let looking = try scratch.openReadOnly()
            #expect(try looking.value("warm", of: Int.self).load() == 6)
            #expect(try looking.value("cold", of: Int.self).load() == 5)
            #expect(codeThrown { _ = try looking.value("gone", of: Int.self) } == .noSuchCell)
            #expect(try looking.cells().map(\.name) == ["cold", "warm"])
            #expect(try store.cells().map(\.isInMemory) == [false, true])
        }
    }

    /// The inode of a removed store's directory may come again: who looks then must see the new store.
    @Test func aStoreMadeAnewUnderTheSamePathIsTheNewOne() throws {
        try withScratchStore { scratch in
            for round in 0..<5 {
                let store = try scratch.open()
                try store.value("round", initial: 0).store(round)
                try store.sync()
                store.close()
                let looking = try scratch.openReadOnly()
                #expect(try looking.value("round", of: Int.self).load() == round)
                // Removed while somebody looks, who does not hold it.
                try Store.remove(scratch.path)
            }
        }
    }
}

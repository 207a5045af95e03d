import Cellar
import CellarTestSupport
import Testing

/// Names: what they may be, and removing, renaming and listing what they stand for.
struct CatalogTests {
    @Test func whatANameMayBe() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let longest = String(repeating: "x", count: 255)
            let good = ["a", " ", "with space", "größe/π.🎈", longest, "a.b[3]", "🎈", "\u{301}"]
            for (index, name) in good.enumerated() { _ = try store.value(name, initial: index) }
            let bad = [
                "", longest + "x", String(repeating: "é", count: 128), "tab\there", "nul\0", "line\nbreak", "\u{7F}",
            ]
            for name in bad {
                #expect(
                    codeThrown { _ = try store.value(name, initial: 1) } == .invalidName, "\(name.debugDescription)")
                #expect(codeThrown { _ = try store.array(name, of: Int.self, count: 1) } == .invalidName)
                #expect(codeThrown { _ = try store.value(name, of: Int.self) } == .noSuchCell)
                #expect(codeThrown { try store.rename("a", to: name) } == .invalidName)
                #expect(codeThrown { try store.remove(name) } == .noSuchCell)
                #expect(try store.contains(name) == false)
            }
            #expect(try store.cells().map(\.name) == good.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            let again = try scratch.reboot()
            for (index, name) in good.enumerated() {
                #expect(try again.value(name, of: Int.self).load() == index, "\(name)")
            }
        }
    }

    /// Names that are equal to Swift and differ in bytes are two.
    @Test func namesAreBytes() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let composed = try store.value("\u{E9}", initial: 1)
            let decomposed = try store.value("e\u{301}", initial: 2)
            #expect(composed.load() == 1 && decomposed.load() == 2)
            let again = try scratch.reboot()
            #expect(try again.value("\u{E9}", of: Int.self).load() == 1)
            #expect(try again.value("e\u{301}", of: Int.self).load() == 2)
        }
    }

    @Test func aRemovedCellIsGoneAndItsHandleReadsNoSuccessor() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let old = try store.value("cell", initial: 11)
            let large = try store.value("large", initial: Triple(11))
            let cells = try store.array("list", of: Int.self, count: 100)
            cells[3] = 11
            for name in ["cell", "large", "list"] { try store.remove(name) }
            #expect(try store.cells().isEmpty)
            #expect(try !store.contains("cell"))
            #expect(codeThrown { _ = try store.value("cell", of: Int.self) } == .noSuchCell)
            #expect(codeThrown { try store.remove("cell") } == .noSuchCell)
            let new = try store.value("cell", initial: 22)
            let newLarge = try store.value("large", initial: Triple(22))
            let newCells = try store.array("list", of: Int.self, count: 100)
            // Whatever is made now: nothing is laid over the old ones.
            for index in 0..<500 { _ = try store.value("other \(index)", initial: Triple(33)) }
            try store.sync()
            for index in 500..<1000 { _ = try store.value("other \(index)", initial: 33) }
            #expect(old.isRemoved && large.isRemoved && cells.isRemoved && !new.isRemoved)
            #expect(old.load() == 11)
            #expect(try large.load() == Triple(11))
            #expect(cells[3] == 11)
            old.store(99)
            cells[3] = 99
            #expect(new.load() == 22 && newCells[3] == 0)
            #expect(codeThrown { try large.store(Triple(99)) } == .removed)
            #expect(codeThrown { try large.withLock { $0 = Triple(99) } } == .removed)
            #expect(codeThrown { try cells.withLock { $0[0] = 99 } } == .removed)
            #expect(try newLarge.load() == Triple(22))
            let again = try scratch.reboot()
            #expect(try again.value("cell", of: Int.self).load() == 22)
            #expect(try again.value("large", of: Triple.self).load() == Triple(22))
            #expect(try again.array("list", of: Int.self)[3] == 0)
        }
    }

    /// The same name again, of another type, before and after the removal is on disk.
    @Test(arguments: [false, true]) func aNameCanBeTakenAgain(synced: Bool) throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            for round in 0..<20 {
                if round % 2 == 0 {
                    _ = try store.value("cell", initial: round)
                } else {
                    _ = try store.array("cell", of: Float.self, count: 50_000)[49_999] = Float(round)
                }
                if synced { try store.sync() }
                if round < 19 { try store.remove("cell") }
                if synced, round % 3 == 0 { try store.sync() }
            }
            #expect(try store.cells().count == 1)
            let again = try scratch.reboot()
            #expect(try again.array("cell", of: Float.self)[49_999] == 19)
            #expect(try again.statistics().cellsOnDisk == 1)
            try again.remove("cell")
            #expect(try again.value("cell", initial: Int8(5)).load() == 5)
            #expect(try scratch.reboot().value("cell", of: Int8.self).load() == 5)
        }
    }

    @Test func whatWasRemovedStaysGoneAfterAReboot() throws {
        try withScratchStore { scratch in
            var store = try scratch.open()
            for index in 0..<10 { _ = try store.value("cell \(index)", initial: index) }
            store = try scratch.reboot()
            // Cold: never asked for since.
            try store.remove("cell 3")
            _ = try store.value("cell 4", of: Int.self)
            try store.remove("cell 4")
            try store.sync()
            store = try scratch.reboot()
            #expect(try store.cells().map(\.name) == [0, 1, 2, 5, 6, 7, 8, 9].map { "cell \($0)" })
            #expect(try !store.contains("cell 3") && store.contains("cell 5"))
            #expect(codeThrown { try store.remove("cell 4") } == .noSuchCell)
        }
    }

    @Test func renaming() throws {
        try withScratchStore { scratch in
            var store = try scratch.openQuiet()
            let handle = try store.value("a", initial: 1)
            _ = try store.value("taken", initial: 2)
            #expect(codeThrown { try store.rename("a", to: "taken") } == .cellExists)
            #expect(codeThrown { try store.rename("nothing", to: "b") } == .noSuchCell)
            try store.rename("a", to: "b")
            handle.store(5)
            #expect(try store.value("b", of: Int.self).load() == 5)
            #expect(try !store.contains("a"))
            #expect(codeThrown { _ = try store.value("a", of: Int.self) } == .noSuchCell)
            try store.rename("b", to: "c")
            try store.rename("c", to: "a")
            try store.rename("a", to: "d")
            // Its old names are free.
            _ = try store.value("a", initial: 10)
            _ = try store.value("b", initial: 11)
            try store.sync()
            try store.rename("taken", to: "c")
            #expect(try store.cells().map(\.name) == ["a", "b", "c", "d"])
            store = try scratch.reboot()
            #expect(try ["a", "b", "c", "d"].map { try store.value($0, of: Int.self).load() } == [10, 11, 2, 5])
            // Cold cells, in a circle.
            store = try scratch.reboot()
            try store.rename("a", to: "x")
            try store.rename("b", to: "a")
            try store.rename("c", to: "b")
            try store.rename("x", to: "c")
            #expect(codeThrown { try store.rename("a", to: "d") } == .cellExists)
            store = try scratch.reboot()
            #expect(try store.cells().map(\.name) == ["a", "b", "c", "d"])
            #expect(try ["a", "b", "c", "d"].map { try store.value($0, of: Int.self).load() } == [11, 2, 10, 5])
        }
    }

    @Test func listing() throws {
        try withScratchStore { scratch in
            var store = try scratch.open()
            _ = try store.value("v", initial: Triple(1))
            _ = try store.array("l", of: Float.self, count: 7)
            _ = try store.value("t", initial: true, persistence: .volatile)
            var cells = try store.cells()
            #expect(cells.map(\.name) == ["l", "t", "v"])
            #expect(cells.map(\.kind) == [.array, .value, .value])
            #expect(cells.map(\.count) == [7, 1, 1])
            #expect(cells.map(\.persistence) == [.persistent, .volatile, .persistent])
            #expect(
                cells.map(\.schema.description) == [
                    "float", "bool", "{first: int64 @0, second: int64 @8, third: int64 @16}",
                ])
            #expect(cells.map(\.byteCount) == [28, 1, 24])
            #expect(cells.map(\.isInMemory) == [true, true, true])
            store = try scratch.reboot()
            cells = try store.cells()
            #expect(cells.map(\.name) == ["l", "v"])
            #expect(cells.map(\.isInMemory) == [false, false])
            _ = try store.array("l", of: Float.self)
            #expect(try store.cells().map(\.isInMemory) == [true, false])
        }
    }
}

import Cellar
import CellarTestSupport
import Glibc
import Testing

/// Opening, closing, copying, removing and looking at stores.
struct StoreLifeTests {
    @Test func whatIsThereAfterClosingAndAfterAReboot() throws {
        try withScratchStore { scratch in
            var store = try scratch.open()
            try store.value("kept", initial: 0).store(1)
            try store.value("fleeting", initial: 0, persistence: .volatile).store(2)
            scratch.closeAll()
            store = try scratch.open()
            #expect(try store.value("kept", of: Int.self).load() == 1)
            #expect(try store.value("fleeting", of: Int.self).load() == 2, "the segment outlives its processes")
            store = try scratch.reboot()
            #expect(try store.value("kept", of: Int.self).load() == 1)
            #expect(codeThrown { _ = try store.value("fleeting", of: Int.self) } == .noSuchCell)
            #expect(try store.value("fleeting", initial: 7, persistence: .volatile).load() == 7)
        }
    }

    @Test func theSamePathTwiceShares() throws {
        try withScratchStore { scratch in
            let first = try scratch.open()
            let second = try scratch.open(at: scratch.directory + "/./store")
            let link = scratch.directory + "/link"
            #expect(unsafe symlink(scratch.path, link) == 0)
            let third = try scratch.open(at: link)
            let value = try first.value("value", initial: 1)
            #expect(try second.value("value", of: Int.self).add(1) == 1)
            #expect(try third.value("value", of: Int.self).add(1) == 2)
            #expect(first.attachments().count == 1)
            first.close()
            first.close()
            // The others go on, and so do the handles.
            #expect(value.add(1) == 3)
            try second.sync()
            #expect(codeThrown { try Store.discardSegment(of: scratch.path) } == .inUse)
            #expect(codeThrown { try Store.remove(scratch.path) } == .inUse)
            second.close()
            third.close()
            #expect(value.load() == 4, "a handle outlives its store")
            #expect(codeThrown { try second.sync() } == .closed)
            #expect(codeThrown { _ = try second.value("other", initial: 1) } == .closed)
            #expect(try scratch.open().value("value", of: Int.self).load() == 4)
        }
    }

    @Test func aStoreThatIsNotThere() throws {
        try withScratchStore { scratch in
            #expect(codeThrown { _ = try scratch.open { $0.creates = false } } == .noSuchStore)
            #expect(codeThrown { _ = try scratch.openReadOnly() } == .noSuchStore)
            #expect(codeThrown { _ = try scratch.open(at: scratch.directory + "/no/where") } == .noSuchStore)
            #expect(codeThrown { try Store.remove(scratch.path) } == .noSuchStore)
            #expect(Files.names(scratch.directory) == [])
            Files.write([1, 2, 3], to: scratch.directory + "/file")
            #expect(codeThrown { _ = try scratch.open(at: scratch.directory + "/file") } == .notAStore)
            #expect(codeThrown { _ = try scratch.open(at: scratch.directory) } == .notAStore)
            #expect(Files.names(scratch.directory) == ["file"])
            unsafe mkdir(scratch.path, 0o700)
            #expect(codeThrown { _ = try scratch.openReadOnly() } == .noSuchStore)
            #expect(Files.names(scratch.path) == [])
            _ = try scratch.open()
        }
    }

    @Test func removing() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            try store.value("value", initial: 0).store(5)
            let segment = Files.segmentPath(try store.statistics().identity)
            #expect(Files.exists(segment))
            scratch.closeAll()
            try Store.remove(scratch.path)
            #expect(!Files.exists(segment) && !Files.exists(scratch.path))
            let again = try scratch.open()
            #expect(try again.cells().isEmpty)
            #expect(Files.segmentPath(try again.statistics().identity) != segment)
        }
    }

    @Test func aCopyIsAnotherStore() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let value = try store.value("value", initial: 1)
            try store.sync()
            let copy = scratch.directory + "/copy"
            Files.copyDirectory(scratch.path, to: copy)
            // Looked at before it was ever opened: what the disk has, and not the original's memory.
            value.store(2)
            let looking = try scratch.open(at: copy) { $0 = .readOnly }
            #expect(try looking.value("value", of: Int.self).load() == 1)
            looking.close()
            let other = try scratch.open(at: copy)
            #expect(try other.statistics().identity != store.statistics().identity)
            let otherValue = try other.value("value", of: Int.self)
            #expect(otherValue.load() == 1)
            otherValue.store(10)
            value.store(20)
            try other.sync()
            try store.sync()
            scratch.closeAll()
            try Store.discardSegment(of: copy)
            #expect(try scratch.open(at: copy).value("value", of: Int.self).load() == 10)
            #expect(try scratch.open().value("value", of: Int.self).load() == 20)
            // Moved, it is still itself.
            scratch.closeAll()
            let moved = scratch.directory + "/moved"
            #expect(unsafe rename(copy, moved) == 0)
            #expect(try scratch.open(at: moved).value("value", of: Int.self).load() == 10)
        }
    }

    @Test func modesHoldWhateverTheOptionsSay() throws {
        try withScratchStore { scratch in
            for (mode, directoryMode) in [(UInt32(0o600), UInt32(0o700)), (0o640, 0o750), (0o666, 0o777)] {
                let path = scratch.directory + "/mode\(mode)"
                let store = try scratch.open(at: path) { $0.mode = mode }
                #expect(Files.mode(path) == directoryMode)
                for name in Files.names(path) { #expect(Files.mode(path + "/" + name) == mode, "\(name)") }
                #expect(Files.mode(Files.segmentPath(try store.statistics().identity)) == mode)
            }
        }
    }
}

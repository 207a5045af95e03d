import CCellar
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

    // MARK: Words

    /// Puts a word where the store's segment has it.
    private func damage(_ segment: String, _ place: Int, _ word: UInt64) {
        var word = word
        unsafe withUnsafeBytes(of: &word) { _ = unsafe Files.write(Array($0), to: segment, at: place) }
    }

    private func word(_ segment: String, _ place: Int) -> UInt64 {
        Files.read(segment)[place..<place + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Where the cell with the id lies.
    private func cell(_ segment: String, _ id: Int) -> Int {
        Int(word(segment, Int(word(segment, CELLAR_SEGMENT_PAGES)) + id * 8))
    }

    /// One cell with a damaged header kept every other from the disk: a pass failed as a whole, and each one after it.
    @Test func aDamagedCellKeepsNoOtherFromTheDisk() throws {
        try withScratchStore { scratch in
            let segment = try prepare(scratch)
            let store = try scratch.openQuiet()
            let value = try store.value("value", of: Int.self)
            let triple = try store.value("triple", of: Triple.self)
            try triple.store(Triple(9))
            // The triple's type lies nowhere.
            damage(segment, cell(segment, 2) + 80, 1 << 40)
            value.store(6)
            #expect(codeThrown { try store.sync() } == .corruptSegment)
            value.store(7)
            #expect(codeThrown { try store.sync() } == .corruptSegment)
            let rebooted = try scratch.reboot()
            #expect(try rebooted.value("value", of: Int.self).load() == 7)
            #expect(try rebooted.value("triple", of: Triple.self).load() == Triple(3))
        }
    }

    /// `sync()` believed the numbers of passes: with a large one in `succeeded` it returned at once, with nothing on disk.
    /// With the largest in `begun`, the next pass was an overflow.
    @Test(arguments: [
        CELLAR_CHECKPOINT_BEGUN, CELLAR_CHECKPOINT_ENDED, CELLAR_CHECKPOINT_SUCCEEDED, CELLAR_CHECKPOINT_REQUESTED,
    ])
    func numbersOfPassesThatCannotBe(field: Int) throws {
        try withScratchStore { scratch in
            let segment = try prepare(scratch)
            let store = try scratch.openQuiet()
            damage(segment, CELLAR_HEADER_CHECKPOINT + field, .max)
            try store.value("value", of: Int.self).store(6)
            if field == CELLAR_CHECKPOINT_REQUESTED {
                try store.sync()
            } else {
                let code = codeThrown { try store.sync(timeout: .milliseconds(500)) }
                #expect(code == .corruptSegment || code == .timedOut)
            }
        }
    }

    /// The elements of an array were believed to lie wherever in the segment they were said to: over the cell's own lock,
    /// too. Filling the array changed the lock that was held meanwhile, it could not be given back, and the thread's list
    /// of held locks led into unmapped memory after the store was closed: the next lock of any kind ended the process.
    @Test(arguments: ["list", "triple"]) func contentThatLiesOverItsOwnLock(name: String) throws {
        try withScratchStore { scratch in
            let segment = try prepare(scratch)
            let header = cell(segment, name == "list" ? 1 : 2)
            let place = name == "list" ? Int(word(segment, header + CELLAR_CELL_WORD)) : header + CELLAR_CELL_WORD
            for start in [header, header - 160, header + 64] {
                damage(segment, place, UInt64(start))
                let store = try scratch.open()
                let code = codeThrown {
                    if name == "list" { try store.array(name, of: Int.self).fill(8) }
                    if name == "triple" { try store.value(name, of: Triple.self).store(Triple(8)) }
                }
                #expect(code == .corruptSegment, "\(start - header)")
                scratch.closeAll()
                // Takes locks in this thread.
                try scratch.open(at: scratch.directory + "/another").value("triple", initial: Triple(1)).store(
                    Triple(2))
                scratch.closeAll()
            }
        }
    }

    /// So was the buffer of an array's updates: an update wrote it over the lock that was held.
    @Test func anUpdateBufferThatLiesOverItsOwnLock() throws {
        try withScratchStore { scratch in
            let segment = try prepare(scratch)
            let header = cell(segment, 1)
            let array = Int(word(segment, header + CELLAR_CELL_WORD))
            damage(segment, array + CELLAR_ARRAY_OVERLAY, UInt64(header))
            damage(segment, array + CELLAR_ARRAY_OVERLAY_CAPACITY, 4096)
            let store = try scratch.open()
            let list = try store.array("list", of: Int.self)
            try list.update(atomically: 0..<10) { span in span.update(repeating: 8) }
            #expect(list[5] == 8)
            scratch.closeAll()
            // Takes locks in this thread.
            try scratch.open(at: scratch.directory + "/another").value("triple", initial: Triple(1)).store(Triple(2))
        }
    }

    /// The size of a cell that is said to have more elements than there can be was an overflow: who listed the cells of a
    /// damaged store, and added up what they take, was ended.
    @Test func moreElementsThanThereCanBe() throws {
        try withScratchStore { scratch in
            let segment = try prepare(scratch)
            damage(segment, cell(segment, 1) + 56, .max)
            let info = try #require(try scratch.openReadOnly().cells().first { $0.name == "list" })
            #expect(info.byteCount == .max)
            #expect(codeThrown { _ = try scratch.open().array("list", of: Int.self) } == .corruptSegment)
        }
    }

    /// With an odd sequence and a buffer that is nowhere, readers of an array went round for ever.
    @Test func anUpdateWhoseBufferIsNowhere() throws {
        try withScratchStore { scratch in
            let segment = try prepare(scratch)
            let list = cell(segment, 1)
            let array = Int(word(segment, list + CELLAR_CELL_WORD))
            damage(segment, list + CELLAR_CELL_SEQUENCE, 1)
            damage(segment, array + CELLAR_ARRAY_OVERLAY, 1 << 45)
            damage(segment, array + CELLAR_ARRAY_OVERLAY_LENGTH, 64)
            damage(segment, array + CELLAR_ARRAY_OVERLAY_CAPACITY, 64)
            let store = try scratch.openReadOnly()
            #expect(try store.array("list", of: Int.self).values() == [Int](repeating: 7, count: 10_000))
        }
    }

    /// What could not be mended was left under a lock that glibc then shows as held by the one who tried first: everybody
    /// after it waited for the timeout, and a failed operation's rest was worked on as if it was whole.
    @Test func whatCannotBeMendedIsAnErrorEachTime() throws {
        try withScratchStore { scratch in
            let segment = try prepare(scratch)
            // No such operation; the lock's owner is dead: the kernel's bit, and some thread.
            damage(segment, CELLAR_HEADER_INTENT, 99)
            damage(segment, CELLAR_HEADER_ALLOCATION, 0x4000_0001)
            let store = try scratch.open()
            for _ in 0..<3 {
                #expect(codeThrown { _ = try store.value("new", initial: 0) } == .corruptSegment)
            }
        }
    }

    // MARK: Dictionaries

    /// A store at rest with a dictionary of 200 entries in memory (in pieces that were not split yet), or with them on disk only.
    private func prepareDictionary(_ scratch: ScratchStore, onDisk: Bool) throws -> (segment: String, stripes: [Int]) {
        var store = try scratch.open()
        let numbers = try store.dictionary("numbers", keys: Int.self, values: Int.self)
        for key in 0..<200 { try numbers.set(key, for: key) }
        try store.sync()
        if onDisk {
            store = try scratch.reboot()
            _ = try store.dictionary("numbers", keys: Int.self, values: Int.self).count
        }
        let segment = Files.segmentPath(try store.statistics().identity)
        scratch.closeAll()
        let part = Int(word(segment, cell(segment, 0) + CELLAR_CELL_WORD))
        let first = Int(word(segment, part + CELLAR_DICTIONARY_STRIPES))
        return (segment, (0..<32).map { first + $0 * 512 })
    }

    /// Who only looks, and asks the disk for what is not in memory yet, believed how many bits of the hash a place stands for:
    /// more than there are ended the process.
    @Test(arguments: [1, 64, 255])
    func aPlaceOnDiskOfImpossibleDepth(depth: Int) throws {
        try withScratchStore { scratch in
            let (segment, stripes) = try prepareDictionary(scratch, onDisk: true)
            for stripe in stripes { damage(segment, stripe + CELLAR_STRIPE_FIRST_ENTRY, 1 << 56 | UInt64(depth) << 48) }
            let looking = try scratch.openReadOnly().dictionary("numbers", keys: Int.self, values: Int.self)
            #expect(codeThrown { _ = try looking.keys() } == .corruptSegment)
            let writing = try scratch.open().dictionary("numbers", keys: Int.self, values: Int.self)
            #expect(codeThrown { _ = try writing.keys() } == .corruptSegment)
            #expect(codeThrown { try writing.set(1, for: 1) } == .corruptSegment)
        }
    }

    /// The change of an entry that a dead process left, with neither a new slot nor an old one, ended whoever came to finish it.
    @Test(arguments: [0, 0x1100, 0x11, 0xFF, 0xFF00])
    func aChangeOfAnEntryWithoutASlot(place: UInt64) throws {
        try withScratchStore { scratch in
            let (segment, stripes) = try prepareDictionary(scratch, onDisk: false)
            for stripe in stripes {
                damage(segment, stripe, 0x4000_0001)
                damage(segment, stripe + CELLAR_STRIPE_OPERATION, 1)
                damage(segment, stripe + CELLAR_STRIPE_PLACE, place)
                damage(segment, stripe + CELLAR_STRIPE_BUCKET, word(segment, stripe + CELLAR_STRIPE_FIRST_ENTRY))
            }
            let numbers = try scratch.open().dictionary("numbers", keys: Int.self, values: Int.self)
            for _ in 0..<2 { #expect(codeThrown { try numbers.set(1, for: 1) } == .corruptSegment) }
            #expect(codeThrown { _ = try numbers.count } == .corruptSegment)
        }
    }

    /// An entry that needed more memory waited ten seconds for whoever took memory, whatever the store's `lockTimeout` was; here
    /// that is a thread which never comes to an end.
    @Test func moreMemoryIsWaitedForNoLongerThanSaid() throws {
        try withScratchStore { scratch in
            let (segment, _) = try prepareDictionary(scratch, onDisk: false)
            let store = try scratch.open {
                $0.lockTimeout = .milliseconds(10)
                $0.checkpointInterval = .seconds(3600)
            }
            try store.sync()
            let numbers = try store.dictionary("numbers", keys: Int.self, values: Int.self)
            damage(segment, CELLAR_HEADER_ALLOCATION, 1)
            var refused = 0
            var key = 1000
            while refused < 100, key < 20_000 {
                if let code = codeThrown({ try numbers.set(key, for: key) }) {
                    #expect(code == .timedOut)
                    refused += 1
                }
                key += 1
            }
            #expect(refused == 100)
            damage(segment, CELLAR_HEADER_ALLOCATION, 0)
            try numbers.set(1, for: 20_000)
        }
    }

    // MARK: Another file

    @Test func aForeignFileInPlaceOfTheDatabase() throws {
        try withScratchStore { scratch in
            let contents: [[UInt8]] = [
                Array("hello, this is not a database\n".utf8), [UInt8](repeating: 0, count: 65_536),
                [UInt8](repeating: 0xFF, count: 8192),
                Array("SQLite format 3\0".utf8) + [UInt8](repeating: 7, count: 8176),
            ]
            for content in contents {
                Files.removeTree(scratch.path)
                unsafe mkdir(scratch.path, 0o700)
                Files.write(content, to: scratch.path + "/data.mdb")
                let opened = codeThrown { _ = try scratch.open() }
                #expect(
                    [.notAStore, .corruptDatabase].contains(opened),
                    "\(content.count) bytes: \(String(describing: opened))")
                let looked = codeThrown { _ = try scratch.openReadOnly() }
                #expect(
                    [.notAStore, .corruptDatabase].contains(looked),
                    "\(content.count) bytes: \(String(describing: looked))")
                #expect(Files.read(scratch.path + "/data.mdb") == content, "it was left as it is")
            }
        }
    }
}

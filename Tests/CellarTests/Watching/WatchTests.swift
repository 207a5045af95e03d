import CCellar
import CellarTestSupport
import Glibc
import Synchronization
import Testing

@testable import Cellar

/// Waiting for changes of cells, within a process.
struct WatchTests {
    private static let long: Duration = .seconds(30)

    // MARK: Threads that wait

    @Test func waitingReturnsWhatChangedAfterTheVersion() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let number = try store.value("number", initial: 1)
            let seen = try number.versioned()
            #expect(seen.value == 1)
            #expect(try number.wait(after: seen.version, timeout: .zero) == nil)
            #expect(try number.wait(after: seen.version, timeout: .milliseconds(1)) == nil)
            number.store(2)
            number.store(3)
            let next = try #require(try number.wait(after: seen.version, timeout: .zero))
            #expect(next.value == 3, "what was replaced is skipped")
            #expect(try number.wait(after: next.version, timeout: .zero) == nil)
            let old = try #require(try number.wait(after: seen.version, timeout: .zero))
            #expect(old == next, "an older version stays one after which something changed")
        }
    }

    /// Each kind of write, to each kind of value.
    @Test(arguments: [Persistence.persistent, .volatile]) func everyWriteIsSeen(persistence: Persistence) throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let number = try store.value("number", initial: 0, persistence: persistence)
            let block = try store.value("block", initial: Triple(0), persistence: persistence)
            try expectChange(number) { number.store(1) }
            try expectChange(number) { number.add(1) }
            try expectChange(number) { number.exchange(7) }
            try expectChange(number) { number.compareExchange(expected: 7, desired: 8) }
            try expectChange(number) { try number.withLock { $0 += 1 } }
            try expectChange(number) { try store.cell("number").setBytes([1, 0, 0, 0, 0, 0, 0, 0]) }
            try expectChange(number) {
                try store.sync()
                number.store(2)
            }
            try expectChange(block) { try block.store(Triple(1)) }
            try expectChange(block) { try block.withLock { $0 = Triple(2) } }
            try expectChange(block) { try store.cell("block").setBytes((0..<24).map { $0 % 8 == 0 ? 3 : 0 }) }
        }
    }

    private func expectChange<Value>(
        _ cell: SharedValue<Value>, _ change: () throws -> Void, location: SourceLocation = #_sourceLocation
    ) throws {
        let seen = try cell.versioned()
        try change()
        #expect(try cell.wait(after: seen.version, timeout: .zero) != nil, sourceLocation: location)
    }

    /// A mark of a volatile cell is watched like any other, and the disk hears nothing of it.
    @Test func watchingAVolatileCellDirtiesNothing() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let number = try store.value("number", initial: 0, persistence: .volatile)
            let list = try store.array("list", of: Int.self, count: 10, persistence: .volatile)
            try store.sync()
            let seen = try number.versioned()
            let before = try list.version()
            // It asks to be told, in vain.
            #expect(try number.wait(after: seen.version, timeout: .milliseconds(1)) == nil)
            number.store(1)
            list[3] = 1
            #expect(number.cell.mark.watch.count == 1)
            #expect(try number.wait(after: seen.version, timeout: .zero)?.value == 1)
            #expect(try list.wait(after: before, timeout: .zero)?.ranges == [0..<10])
            #expect(try store.statistics().segment?.isDirty == false)
        }
    }

    @Test func aThreadThatWaitsIsWoken() throws {
        try withScratchStore { scratch in
            let number = try scratch.open().value("number", initial: 0)
            let seen = try number.versioned()
            let woken = Mutex<Int?>(nil)
            let thread = try NativeThread(name: "waits") {
                let next = try? number.wait(after: seen.version, timeout: Self.long)
                woken.withLock { $0 = next?.value }
            }
            number.store(5)
            thread.join()
            #expect(woken.withLock { $0 } == 5)
        }
    }

    @Test func aRemovedCellAndAClosedStoreEndTheWait() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let removed = try store.value("number", initial: 0)
            let list = try store.array("list", of: Int.self, count: 100_000)
            let (seen, before) = (try removed.versioned().version, try list.version())
            let codes = try waitInThreads(2) { index in
                if index == 0 { _ = try removed.wait(after: seen, timeout: Self.long) }
                if index == 1 { _ = try list.wait(after: before, timeout: Self.long) }
            } meanwhile: {
                try store.remove("number")
                try store.remove("list")
            }
            #expect(codes == [.removed, .removed])
            #expect(codeThrown { _ = try removed.versioned() } == .removed)
            #expect(codeThrown { _ = try list.version() } == .removed)
            let number = try store.value("number", initial: 0)
            let last = try number.versioned().version
            let closed = try waitInThreads(2) { _ in
                _ = try number.wait(after: last, timeout: Self.long)
            } meanwhile: {
                scratch.closeAll()
            }
            #expect(closed == [.closed, .closed])
        }
    }

    /// The kinds of errors that threads came to, each of which waits.
    private func waitInThreads(
        _ count: Int, _ wait: @escaping @Sendable (Int) throws -> Void, meanwhile body: () throws -> Void
    ) throws -> [StoreError.Code?] {
        let codes = Mutex<[StoreError.Code?]>([])
        let threads = try (0..<count).map { index in
            try NativeThread(name: "waits") {
                let code = codeThrown { try wait(index) }
                codes.withLock { $0.append(code) }
            }
        }
        try body()
        for thread in threads { thread.join() }
        return codes.withLock { $0 }
    }

    /// What runs over from a narrow integer into the word's other bytes is no change, nor is an equal value.
    @Test func whatIsNoChange() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let narrow = try store.value("narrow", initial: UInt8(200))
            let seen = try narrow.versioned()
            narrow.store(200)
            narrow.add(128)
            narrow.add(128)
            #expect(narrow.load() == 200)
            #expect(try narrow.wait(after: seen.version, timeout: .milliseconds(1)) == nil)
            narrow.add(1)
            #expect(try narrow.wait(after: seen.version, timeout: .zero)?.value == 201)
        }
    }

    /// Where the kernel refuses membarrier, every write fences and takes the slow path.
    @Test func watchingWhereWritersFence() throws {
        try withScratchStore { scratch in
            _ = try scratch.open().attachment.segment?.word(CELLAR_HEADER_FLAGS).formOr(SegmentFlags.writersFence)
            scratch.closeAll()
            let store = try scratch.open()
            #expect(store.attachment.writePolicy == Attachment.fencing)
            let number = try store.value("number", initial: 0)
            let list = try store.array("list", of: Int.self, count: 10)
            let (seen, before) = (try number.versioned(), try list.version())
            let codes = try waitInThreads(2) { index in
                if index == 0 {
                    let value = try number.wait(after: seen.version, timeout: Self.long)?.value
                    #expect(value == 1)
                } else {
                    let ranges = try list.wait(after: before, timeout: Self.long)?.ranges
                    #expect(ranges == [0..<10])
                }
            } meanwhile: {
                number.store(1)
                list[0] = 1
            }
            #expect(codes == [nil, nil])
        }
    }

    // MARK: Arrays

    @Test func whereAnArrayChanged() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let perChunk = 8192
            let list = try store.array("list", of: Int.self, count: perChunk * 1500)
            let all = try list.version()
            let part = try list.version(of: perChunk * 10 + 5..<perChunk * 12)
            #expect(try list.wait(after: all, timeout: .zero) == nil)
            list[perChunk * 7] = 1
            #expect(try list.wait(after: part, timeout: .zero) == nil, "a part is woken for its own chunks only")
            list[perChunk * 11] = 1
            try list.fill(2, in: perChunk * 1498..<perChunk * 1500)
            #expect(try list.wait(after: part, timeout: .zero)?.ranges == [perChunk * 11..<perChunk * 12])
            let changes = try #require(try list.wait(after: all, timeout: .zero))
            #expect(
                changes.ranges == [
                    perChunk * 7..<perChunk * 8, perChunk * 11..<perChunk * 12, perChunk * 1498..<perChunk * 1500,
                ])
            #expect(try list.wait(after: changes.version, timeout: .zero) == nil)
            try list.update(atomically: 3..<4) { $0[0] = 9 }
            #expect(try list.wait(after: changes.version, timeout: .zero)?.ranges == [0..<perChunk])
        }
    }

    /// Elements that lie across a chunk's end belong to both.
    @Test func elementsAcrossAChunksEnd() throws {
        try withScratchStore { scratch in
            let list = try scratch.open().array("list", of: Triple.self, count: 8_000)
            let seen = try list.version()
            try list.store(Triple(1), at: 2_730)
            #expect(try list.wait(after: seen, timeout: .zero)?.ranges == [0..<5_462])
        }
    }

    @Test func cellsWithoutTheirTypes() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            _ = try store.value("number", initial: 0)
            _ = try store.array("list", of: Int.self, count: 10_000)
            for name in ["number", "list"] {
                let cell = try store.cell(name)
                let seen = try cell.version()
                #expect(try cell.wait(after: seen, timeout: .zero) == nil)
                try cell.setBytes([1, 0, 0, 0, 0, 0, 0, 0])
                #expect(try cell.wait(after: seen, timeout: .zero)?.ranges == [name == "list" ? 0..<8192 : 0..<1])
            }
        }
    }

    // MARK: Read-only

    @Test func aReadOnlyStoreLooksByItself() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let number = try store.value("number", initial: 0)
            let block = try store.value("block", initial: Triple(0))
            let list = try store.array("list", of: Int.self, count: 10_001)
            let looking = try scratch.openReadOnly()
            let seenNumber = try looking.value("number", of: Int.self)
            let seenBlock = try looking.value("block", of: Triple.self)
            let seenList = try looking.array("list", of: Int.self)
            let versions = (
                try seenNumber.versioned().version, try seenBlock.versioned().version, try seenList.version()
            )
            #expect(try seenNumber.wait(after: versions.0, timeout: .milliseconds(3)) == nil)
            #expect(try seenList.wait(after: versions.2, timeout: .milliseconds(3)) == nil)
            number.store(1)
            try block.store(Triple(1))
            list[10_000] = 1
            #expect(try seenNumber.wait(after: versions.0, timeout: Self.long)?.value == 1)
            #expect(try seenBlock.wait(after: versions.1, timeout: Self.long)?.value == Triple(1))
            #expect(try seenList.wait(after: versions.2, timeout: Self.long)?.ranges == [8192..<10_001])
            #expect(WatchWord(list.cell.mark(ofChunk: 0).word).word.relaxed() & WatchWord.watched == 0)
        }
    }

    // MARK: What it costs others

    /// Writers move a count on once for each time that somebody wanted to be told, and never else.
    @Test func nobodyIsToldWhereNobodyAsked() throws {
        try withScratchStore { scratch in
            let store = try scratch.open { $0.checkpointInterval = .milliseconds(1) }
            let number = try store.value("number", initial: 0)
            let seen = try number.versioned()
            for step in 1...100_000 { number.store(step) }
            #expect(number.cell.mark.watch.count == 0)
            #expect(try number.wait(after: seen.version, timeout: .milliseconds(1))?.value == 100_000)
            let last = try number.versioned()
            #expect(try number.wait(after: last.version, timeout: .milliseconds(1)) == nil)
            for step in 0..<100_000 { number.store(step) }
            #expect(number.cell.mark.watch.count == 1)
            #expect(try number.wait(after: last.version, timeout: .zero)?.value == 99_999)
        }
    }
}

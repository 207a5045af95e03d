import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// A worker writes down all that went to the disk, in order. From that, what the disk may have after a power cut at
    /// any place is made again, and opened.
    @Suite struct PowerLoss {
        @Test func whatWasAcknowledgedIsThereAfterACutAnywhere() throws {
            try withScratchStore { scratch in
                let log = try record(scratch, rounds: 12)
                var random = SeededRandom(for: "power cuts")
                let place = scratch.mountSmall("images", bytes: 256 << 20) ?? scratch.directory
                var images = 0
                var rounds: Set<Int> = []
                var disk = Disk(scratch.path)
                for (index, event) in log.enumerated() {
                    disk.take(event)
                    let acknowledged = disk.acknowledged
                    // Nothing of what is on its way, all of it, and something between: whole, torn, in any order.
                    for variant in 0..<(index < 40 || index % 4 == 0 ? 4 : 2) {
                        guard let image = disk.image(variant, &random) else { continue }
                        let path = place + "/image"
                        image.write(to: path)
                        defer { Files.removeTree(path) }
                        images += 1
                        do {
                            let found = try PowerLossRounds.read(path)
                            rounds.insert(found)
                            let isRight = found == acknowledged || found == acknowledged + 1
                            #expect(isRight, "event \(index), variant \(variant): \(found), not \(acknowledged)")
                        } catch {
                            Issue.record("event \(index) (\(event.kind)), variant \(variant): \(error)")
                        }
                        if images % 8 == 0 { try goOn(scratch, path, acknowledged) }
                    }
                }
                let syncs = log.count { $0.kind == .sync }
                print("power cuts: \(images) images of \(log.count) events with \(syncs) syncs, \(rounds.count) rounds")
                #expect(disk.acknowledged == 12 && rounds == Set(0...12))
            }
        }

        /// A store that went through a power cut is opened to write and works, as after any reboot.
        private func goOn(_ scratch: ScratchStore, _ path: String, _ acknowledged: Int) throws {
            let store = try scratch.open(at: path)
            let found = try PowerLossRounds.read(store)
            #expect(found == acknowledged || found == acknowledged + 1)
            try store.value("word", initial: 0).store(1000)
            try store.sync()
            scratch.closeAll()
            try Store.discardSegment(of: path)
            let again = try scratch.open(at: path)
            #expect(try again.value("word", of: Int.self).load() == 1000)
            scratch.closeAll()
            try Store.discardSegment(of: path)
        }

        /// The test above can fail: a disk that takes syncs for nothing, and writes what it likes, breaks stores.
        @Test func aDiskThatIgnoresSyncsBreaksStores() throws {
            try withScratchStore { scratch in
                let log = try record(scratch, rounds: 4)
                var random = SeededRandom(for: "a lying disk")
                var disk = Disk(scratch.path, ignoresSyncs: true)
                var broken = 0
                var images = 0
                for event in log {
                    disk.take(event)
                    guard disk.acknowledged >= 2, event.kind == .write, images < 60, broken == 0 else { continue }
                    guard let image = disk.image(3, &random) else { continue }
                    images += 1
                    let path = scratch.directory + "/image"
                    image.write(to: path)
                    defer { Files.removeTree(path) }
                    // In a process of its own: nothing promises that it survives this.
                    let reader = try scratch.start(["read-image", path])
                    let line = (try? reader.line()) ?? "died"
                    let round = line.split(separator: " ").last.flatMap { Int($0) }
                    if !line.hasPrefix("round ") || round! < disk.acknowledged { broken += 1 }
                    reader.kill()
                }
                #expect(broken > 0)
            }
        }

        /// A store's directory was made, and its name not synced: a store that had acknowledged could be gone with it.
        @Test func theWayToAStoreIsOnTheDiskBeforeAnythingIsAcknowledged() throws {
            try withScratchStore { scratch in
                let log = try record(scratch, rounds: 1)
                var unsynced: Set<String> = []
                for event in log {
                    switch event.kind {
                    case .name where event.path == scratch.path || event.path.hasSuffix("/data.mdb"):
                        unsynced.insert(event.path)
                    case .sync: unsynced = unsynced.filter { parent($0) != event.path }
                    case .note: #expect(unsynced.isEmpty)
                    default: break
                    }
                }
                #expect(log.contains { $0.kind == .name && $0.path == scratch.path })
            }
        }

        private func record(_ scratch: ScratchStore, rounds: Int) throws -> [DiskEvent] {
            let path = scratch.directory + "/log"
            let worker = try scratch.worker("write-logged", path, rounds)
            try worker.expect("done")
            try worker.wait()
            let log = DiskEvent.parse(Files.read(path))
            #expect(log.contains { $0.kind == .write } && log.contains { $0.kind == .sync })
            return log
        }
    }
}

private func parent(_ path: String) -> String {
    path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
}

/// Something that the log of the interposer tells.
private struct DiskEvent {
    enum Kind: UInt32 {
        case write = 1
        case sync, name, unname, note
    }
    var kind: Kind
    var isSynchronous: Bool
    var file: UInt64
    var offset: Int
    var path: String
    var bytes: ArraySlice<UInt8>

    private static let headSize = 40

    static func parse(_ log: [UInt8]) -> [DiskEvent] {
        func integer(_ offset: Int, _ size: Int) -> UInt64 {
            log[offset..<offset + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        var events: [DiskEvent] = []
        var position = 0
        while position + headSize <= log.count {
            let length = Int(integer(position + 24, 8))
            let pathLength = Int(integer(position + 32, 8))
            let pathStart = position + headSize
            let path = String(decoding: log[pathStart..<pathStart + pathLength], as: UTF8.self)
            let bytes = log[(pathStart + pathLength)..<(pathStart + pathLength + length)]
            events.append(
                DiskEvent(
                    kind: Kind(rawValue: UInt32(integer(position, 4)))!, isSynchronous: integer(position + 4, 4) != 0,
                    file: integer(position + 8, 8), offset: Int(integer(position + 16, 8)), path: path, bytes: bytes))
            position = pathStart + pathLength + length
        }
        return events
    }
}

/// What a disk has for certain, and what is on its way to it: the database's file under its two names.
private struct Disk {
    private let path: String
    private let ignoresSyncs: Bool
    private(set) var acknowledged = 0
    /// Contents by file.
    private var certain: [UInt64: [UInt8]] = [:]
    private var pending: [DiskEvent] = []
    /// Names of the database's files, by path's last part, and whether they are certain.
    private var names: [String: UInt64] = [:]
    private var certainNames: [String: UInt64] = [:]

    private var synchronous: DiskEvent?

    init(_ path: String, ignoresSyncs: Bool = false) {
        self.path = path
        self.ignoresSyncs = ignoresSyncs
    }

    mutating func take(_ event: DiskEvent) {
        // A cut can come in the middle of a synchronous write too: it is certain when something else comes.
        if let done = synchronous { certify { $0.offset == done.offset && $0.file == done.file } }
        synchronous = nil
        let last = event.path.split(separator: "/").last.map(String.init) ?? ""
        switch event.kind {
        case .note: acknowledged += 1
        case .name where last.hasPrefix("data.mdb"): names[last] = event.file
        case .unname: names[last] = nil
        case .write where names.values.contains(event.file):
            pending.append(event)
            // Only what is written so is certain, not what was written before.
            if event.isSynchronous, !ignoresSyncs { synchronous = event }
        case .sync where names.values.contains(event.file) && !ignoresSyncs: certify { $0.file == event.file }
        case .sync where event.path == path: certainNames = names
        default: break
        }
    }

    private mutating func certify(_ isDone: (DiskEvent) -> Bool) {
        for event in pending where isDone(event) {
            Self.apply(event.bytes, at: event.offset, to: &certain[event.file, default: []])
        }
        pending.removeAll(where: isDone)
    }

    private static func apply(_ bytes: ArraySlice<UInt8>, at offset: Int, to content: inout [UInt8]) {
        if content.count < offset + bytes.count {
            content.append(contentsOf: [UInt8](repeating: 0, count: offset + bytes.count - content.count))
        }
        content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }

    struct Image {
        var files: [String: [UInt8]]

        func write(to path: String) {
            unsafe mkdir(path, 0o700)
            for (name, bytes) in files {
                Files.write(bytes, to: path + "/" + name)
            }
        }
    }

    /// What the disk has after a cut now: without what is on its way (variant 0), with all of it (1), or with a part of
    /// it, whole (2) or torn at sectors (3). Nil where that is the same as another variant.
    func image(_ variant: Int, _ random: inout SeededRandom) -> Image? {
        if variant > 0, pending.isEmpty, names == certainNames { return nil }
        var contents = certain
        for event in variant == 2 || variant == 3 ? pending.shuffled(using: &random) : pending {
            switch variant {
            case 0: continue
            case 1: Self.apply(event.bytes, at: event.offset, to: &contents[event.file, default: []])
            default:
                if Bool.random(using: &random) { continue }
                let pieces = variant == 2 ? [event.bytes] : Self.sectors(event.bytes, from: event.offset)
                var offset = event.offset
                for piece in pieces {
                    if variant == 2 || Bool.random(using: &random) {
                        Self.apply(piece, at: offset, to: &contents[event.file, default: []])
                    }
                    offset += piece.count
                }
            }
        }
        var listed = variant == 0 ? certainNames : names
        if variant > 1, Bool.random(using: &random) { listed = certainNames }
        return Image(files: listed.mapValues { contents[$0] ?? [] })
    }

    private static func sectors(_ bytes: ArraySlice<UInt8>, from offset: Int) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var position = offset
        while start < bytes.endIndex {
            let end = min(bytes.endIndex, start + 512 - position % 512)
            pieces.append(bytes[start..<end])
            position += end - start
            start = end
        }
        return pieces
    }
}

import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

extension ProcessTests {
    /// Others who can reach the places where a store keeps its things, and put something there.
    @Suite struct Attacks {
        private enum Bait: CaseIterable {
            case link, pipe, directory, foreign

            func lay(at path: String, leadingTo target: String) {
                switch self {
                case .link: unsafe symlink(target, path)
                case .pipe: unsafe mkfifo(path, 0o600)
                case .directory: unsafe mkdir(path, 0o700)
                case .foreign: Files.write([UInt8](repeating: 0x5A, count: 300_000), to: path)
                }
            }
        }

        /// A pipe in place of a lock file, or of the segment, had a read-only opening wait for ever.
        @Test func somethingElseUnderAFilesName() throws {
            try withScratchStore { scratch in
                let target = scratch.directory + "/target"
                var tried = 0
                for name in StoreDirectory.fileNames {
                    for bait in Bait.allCases {
                        Files.write(Array("precious".utf8), to: target, truncating: true)
                        let store = try scratch.open()
                        try store.value("number", initial: 1).store(5)
                        scratch.closeAll()
                        let path = scratch.path + "/" + name
                        #expect(unsafe unlink(path) == 0)
                        bait.lay(at: path, leadingTo: target)
                        let before = Files.read(bait == .pipe ? "" : path)
                        // Lock files are only locked, never read: what is in them is of no matter.
                        let isHarmless = bait == .foreign && name.hasSuffix(".lock")
                        for options in [Store.Options(), .readOnly] {
                            let error = storeError { try Store.open(scratch.path, options).close() }
                            let isLooking = options.access == .readOnly && name != "data.mdb"
                            #expect(error != nil || isHarmless || isLooking, "\(name) \(bait)")
                        }
                        #expect(Files.text(target) == "precious")
                        #expect(Files.read(bait == .pipe ? "" : path) == before)
                        if bait == .directory { unsafe rmdir(path) } else { unsafe unlink(path) }
                        tried += 1
                        // Without it the store is as it was, but for the data.
                        if name != "data.mdb" {
                            #expect(try scratch.open().value("number", of: Int.self).load() == 5)
                            scratch.closeAll()
                        }
                        try? Store.discardSegment(of: scratch.path)
                        if name == "data.mdb" { Files.removeTree(scratch.path) }
                    }
                }
                print("attacks on a store's files: \(tried)")
            }
        }

        @Test func somethingElseUnderTheSegmentsName() throws {
            try withScratchStore { scratch in
                let target = scratch.directory + "/target"
                for bait in Bait.allCases {
                    Files.write(Array("precious".utf8), to: target, truncating: true)
                    let store = try scratch.open()
                    try store.value("number", initial: 1).store(5)
                    let path = Files.segmentPath(try store.statistics().identity)
                    scratch.closeAll()
                    try Store.discardSegment(of: scratch.path)
                    bait.lay(at: path, leadingTo: target)
                    let before = Files.read(bait == .pipe ? "" : path)
                    for options in [Store.Options(), .readOnly] {
                        let error = storeError { try Store.open(scratch.path, options).close() }
                        #expect(error != nil, "\(bait)")
                        #expect(error?.code != .systemFailure, "\(bait): \(error?.message ?? "")")
                    }
                    #expect(Files.text(target) == "precious")
                    #expect(Files.read(bait == .pipe ? "" : path) == before)
                    if bait == .directory { unsafe rmdir(path) } else { unsafe unlink(path) }
                    #expect(try scratch.open().value("number", of: Int.self).load() == 5)
                    scratch.closeAll()
                }
            }
        }

        /// Whoever may write a directory may put other files in place of a store's: a store that is not everybody's does
        /// not stay in one that is.
        @Test func aDirectoryThatEverybodyCanWrite() throws {
            try withScratchStore { scratch in
                unsafe mkdir(scratch.path, 0o700)
                for mode in [mode_t(0o777), 0o1777, 0o702] {
                    unsafe chmod(scratch.path, mode)
                    let made = storeError { try Store.open(scratch.path).close() }
                    let message = made?.message ?? "no error"
                    #expect(made?.code == .permissionDenied && message.contains("chmod"), "\(message)")
                    #expect(Files.names(scratch.path).isEmpty)
                }
                unsafe chmod(scratch.path, 0o700)
                let store = try scratch.open()
                _ = try store.value("number", initial: 1)
                scratch.closeAll()
                unsafe chmod(scratch.path, 0o777)
                #expect(codeThrown { try Store.open(scratch.path).close() } == .permissionDenied)
                #expect(codeThrown { try Store.open(scratch.path, .readOnly).close() } == .permissionDenied)
                unsafe chmod(scratch.path, 0o750)
                #expect(try scratch.open().value("number", of: Int.self).load() == 1)
                // A store that everybody may write is everybody's.
                let open = scratch.directory + "/everybodys"
                _ = try scratch.open(at: open) { $0.mode = 0o666 }.value("number", initial: 1)
                scratch.closeAll()
                #expect(try scratch.open(at: open).value("number", of: Int.self).load() == 1)
            }
        }

        /// A process that only looks has nothing through which it could write. It once had: a program that was started by a
        /// process with a store open inherited the database's file from it, open to write.
        @Test func aLookersMappingsAndFiles() throws {
            try withScratchStore { scratch in
                _ = try scratch.open().value("number", initial: 1)
                let worker = try scratch.worker("mappings")
                var maps = 0
                var files = 0
                while case let line = try worker.line(), line != "end" {
                    if line.hasPrefix("map ") {
                        maps += 1
                        #expect(line.hasPrefix("map r--s "), "\(line)")
                    } else {
                        files += 1
                        #expect(line.hasPrefix("file r "), "\(line)")
                    }
                }
                // The segment and the database.
                #expect(maps == 2 && files >= 2)
            }
        }

        /// A store of mode 0640: its group looks and cannot write, others cannot even look.
        @Test func aGroupThatOnlyLooks() throws {
            try withScratchStore { scratch in
                guard geteuid() == 0 else { return print("not root: not tested") }
                unsafe chmod(scratch.directory, 0o755)
                let (member, stranger, group, others) = (61_002, 61_003, 62_000, 62_001)
                unsafe mkdir(scratch.path, 0o750)
                unsafe chown(scratch.path, 0, gid_t(group))
                unsafe chmod(scratch.path, 0o2750)
                let store = try scratch.open { $0.mode = 0o640 }
                try store.value("number", initial: 1).store(5)
                try store.sync()
                for _ in 0..<2 {
                    let reader = try scratch.worker("as-reader", member, group)
                    let first = try reader.line()
                    guard first != "setuid refused", !first.contains("cannot start") else { return }
                    #expect(first == "number 5")
                    try reader.expect("writable []")
                    try reader.expect("unlinked []")
                    try reader.expect("look ok")
                    let open = try reader.line()
                    #expect(open.hasPrefix("open permissionDenied"), "\(open)")
                    let outsider = try scratch.worker("as-reader", stranger, others)
                    let look = try outsider.line()
                    #expect(look.hasPrefix("look permissionDenied"), "\(look)")
                    let refused = try outsider.line()
                    #expect(refused.hasPrefix("open permissionDenied"), "\(refused)")
                    // The second time it is at rest.
                    scratch.closeAll()
                    try Store.discardSegment(of: scratch.path)
                }
            }
        }
    }
}

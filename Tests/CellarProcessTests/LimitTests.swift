import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Full memory, full disk, missing permission, other masks.
    @Suite struct Limits {
        @Test func fullSharedMemory() throws {
            try withScratchStore { scratch in
                let worker = try scratch.start(["full-memory", scratch.path], isolated: true)
                let first = try worker.line()
                guard first != "mount refused" else { return print("no mounts here: not tested") }
                #expect(first.hasPrefix("fill memoryFull") && first.contains("/dev/shm"), "\(first)")
                let small = try worker.line()
                #expect(small.hasPrefix("small memoryFull"), "\(small)")
                let rename = try worker.line()
                #expect(rename == "rename ok" || rename.hasPrefix("rename memoryFull"), "\(rename)")
                try worker.expect("kept 42")
                try worker.expect("made true true")
                try worker.expect("sync ok")
                let remove = try worker.line()
                #expect(remove == "remove ok" || remove.hasPrefix("remove memoryFull"), "\(remove)")
                try worker.expect("discard ok")
                try worker.expect("again 42")
                try worker.expect("last ok")
                #expect(try worker.wait() == .exit(0))
            }
        }

        @Test func noRoomForASegment() throws {
            try withScratchStore { scratch in
                let worker = try scratch.start(["no-memory", scratch.path], isolated: true)
                let line = try worker.line()
                guard line != "mount refused" else { return print("no mounts here: not tested") }
                #expect(line.hasPrefix("open memoryFull"), "\(line)")
                try worker.expect("left 0")
                #expect(try worker.wait() == .exit(0))
                // The store that came to be is a good one.
                #expect(try scratch.open().value("some", initial: 1).load() == 1)
            }
        }

        /// Nothing is lost while the disk is full, and it works again when there is room.
        @Test func fullDisk() throws {
            try withScratchStore { scratch in
                guard let disk = scratch.mountSmall("disk", bytes: 2 << 20) else {
                    return print("no mounts here: not tested")
                }
                let path = disk + "/store"
                let store = try scratch.open(at: path) { $0.checkpointInterval = .seconds(3600) }
                let kept = try store.value("kept", initial: 1)
                let cells = try store.array("cells", of: Int.self, count: 50_000)
                try store.sync()
                Files.write([UInt8](repeating: 1, count: 2 << 20), to: disk + "/ballast")
                kept.store(2)
                try cells.fill(7)
                for _ in 0..<3 {
                    let error = storeError { try store.sync() }
                    #expect(error?.code == .diskFull)
                }
                #expect(kept.load() == 2)
                #expect(try store.value("more", initial: 3).load() == 3)
                cells[1] = 8
                #expect(try store.statistics().segment?.isDirty == true)
                unsafe unlink(disk + "/ballast")
                try store.sync()
                scratch.closeAll()
                try Store.discardSegment(of: path)
                let again = try scratch.open(at: path)
                #expect(try again.value("kept", of: Int.self).load() == 2)
                #expect(try again.value("more", of: Int.self).load() == 3)
                #expect(try again.array("cells", of: Int.self).values(in: 0..<3) == [7, 8, 7])
                scratch.closeAll()
                try Store.remove(path)
            }
        }

        @Test func somebodyElse() throws {
            try withScratchStore { scratch in
                guard geteuid() == 0 else { return print("not root: not tested") }
                let store = try scratch.open()
                _ = try store.value("some", initial: 1)
                // So that the worker program and the way to the store are open to everyone, and the store alone is not.
                unsafe chmod(scratch.directory, 0o755)
                let worker = try scratch.worker("as-user", 65_534)
                let open = try worker.line()
                guard open != "setuid refused", !open.contains("cannot start") else { return }
                #expect(open.hasPrefix("open permissionDenied"), "\(open)")
                let look = try worker.line()
                #expect(look.hasPrefix("look permissionDenied"), "\(look)")
                #expect(try store.value("some", of: Int.self).load() == 1)
            }
        }

        /// A store of mode 0660 whose segment one member of the group had made was refused to all the others, since the
        /// segment did not belong to the owner of the store's files.
        @Test func aGroupSharesAStore() throws {
            try withScratchStore { scratch in
                guard geteuid() == 0 else { return print("not root: not tested") }
                unsafe chmod(scratch.directory, 0o1777)
                let (owner, member, stranger, group, others) = (61_001, 61_002, 61_003, 62_000, 62_001)
                let maker = try scratch.worker("as-member", owner, group)
                let first = try maker.line()
                guard first != "setuid refused", !first.contains("cannot start") else { return }
                #expect(first == "hits 0")
                maker.send()
                try maker.expect("open ok")
                _ = try maker.wait()
                try Store.discardSegment(of: scratch.path)
                // Now the member makes the segment, and the owner comes to it.
                let colleague = try scratch.worker("as-member", member, group)
                try colleague.expect("hits 1")
                let again = try scratch.worker("as-member", owner, group)
                try again.expect("hits 2")
                let refused = try scratch.worker("as-member", stranger, others)
                let line = try refused.line()
                #expect(line.hasPrefix("open permissionDenied"), "\(line)")
                scratch.note(try Store.open(scratch.path, .readOnly).statistics().identity)
            }
        }

        @Test(arguments: [0, 0o077, 0o777]) func modesWhateverTheUmask(mask: Int) throws {
            try withScratchStore { scratch in
                let worker = try scratch.worker("umask", mask)
                try worker.expect("directory 700")
                for name in ["alive.lock", "data.mdb", "lock.mdb", "readers.lock", "store.lock"] {
                    try worker.expect("\(name) 600")
                }
                try worker.expect("segment 600")
                #expect(try worker.wait() == .exit(0))
            }
        }

        /// The child of a fork cannot harm its parent's store, and can open it for itself.
        @Test func fork() throws {
            try withScratchStore { scratch in
                let worker = try scratch.worker("fork")
                #expect(try worker.line() == "word 1")
                for what in ["store", "withLock", "fill", "update", "sync", "create", "remove", "list"] {
                    let line = try worker.line()
                    #expect(line.hasPrefix("\(what) closed"), "\(line)")
                }
                #expect(try worker.line() == "attached 2")
                #expect(try worker.line() == "reopen ok")
                #expect(try worker.line() == "child done")
                #expect(try worker.line() == "child ended 0")
                #expect(try worker.line() == "parent store ok")
                #expect(try worker.line() == "parent sync ok")
                #expect(try worker.line() == "parent triple 8 word 11")
                #expect(try worker.line() == "parent attached 1")
                #expect(try worker.wait() == .exit(0))
            }
        }
    }
}

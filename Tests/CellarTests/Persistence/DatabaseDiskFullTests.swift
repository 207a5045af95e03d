import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

/// What happens when the disk is full, on a file system of one megabyte.
@Suite(.serialized) struct DatabaseDiskFullTests {
    @Test func aFullDiskIsAnErrorAndTheDatabaseGoesOn() throws {
        let scratch = DatabaseScratch()
        guard mount(at: scratch.path) else {
            withKnownIssue("a small file system cannot be mounted here") { Issue.record("mount refused") }
            return
        }
        defer { unmount(scratch.path) }
        let database = try scratch.database()
        let table = try database.table("t")
        try database.put([UInt8](repeating: 1, count: 10_000), for: [0], in: table)
        for count in [2_000_000, 900_000, 5_000_000] {
            #expect(codeThrown { try writeMany(count, database, table) } == .diskFull)
            #expect(try database.get([0], in: table)?.count == 10_000)
        }
        scratch.write([UInt8](repeating: 1, count: 1 << 20), to: "ballast")
        // Every reader slot has its room: with the disk full, none is a SIGBUS.
        try holdReaders(500, database)
        let full = codeThrown { try writeMany(500_000, database, table) }
        #expect(full == nil || full == .diskFull)
        dropBallast(of: scratch)
        try database.put([UInt8](repeating: 2, count: 10_000), for: [0], in: table)
        #expect(try database.get([0], in: table) == [UInt8](repeating: 2, count: 10_000))
        try database.close()
        let again = try scratch.database()
        #expect(try again.get([0], in: again.table("t")) == [UInt8](repeating: 2, count: 10_000))
        try again.close()
    }

    @Test func creationOnAFullDiskLeavesNoHalfStore() throws {
        let scratch = DatabaseScratch()
        guard mount(at: scratch.path) else { return }
        defer { unmount(scratch.path) }
        for room in [0, 4096, 60_000, 72_000] {
            scratch.write([UInt8](repeating: 1, count: (1 << 20) - room), to: "ballast")
            #expect(codeThrown { _ = try scratch.database() } == .diskFull)
            #expect(!scratch.names.contains("data.mdb"))
            dropBallast(of: scratch)
        }
        try scratch.database().close()
    }

    private func mount(at path: String) -> Bool {
        guard geteuid() == 0 else { return false }
        return shell("mount -t tmpfs -o size=1m tmpfs '\(path)'").code == 0
    }

    /// A child that another test is just starting has a copy of each open file until it runs its own program: as
    /// long as it has, the mount is busy.
    private func unmount(_ path: String) {
        settle { shell("umount '\(path)'").code == 0 }
    }

    /// Returns when the room is there again. A removed file has its room for as long as a child that another test is
    /// just starting has it open, which once failed a creation that ought to succeed.
    private func dropBallast(of scratch: DatabaseScratch) {
        let path = "\(scratch.path)/ballast"
        let room = (Files.size(path) ?? 0) / 4096
        unsafe unlink(path)
        settle {
            var disk = statvfs()
            return unsafe statvfs(scratch.path, &disk) == 0 && disk.f_bfree >= room
        }
    }

    private func writeMany(_ bytes: Int, _ database: Database, _ table: NamedDatabase) throws(StoreError) {
        try database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            for index in 0..<(bytes / 50_000) {
                try transaction.put([UInt8](repeating: 7, count: 50_000).span, for: [1, UInt8(index)].span, in: table)
            }
        }
    }

    private func holdReaders(_ count: Int, _ database: Database) throws(StoreError) {
        guard count > 0 else { return }
        try database.read { _ throws(StoreError) in try holdReaders(count - 1, database) }
    }
}

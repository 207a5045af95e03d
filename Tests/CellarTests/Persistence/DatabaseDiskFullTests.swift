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
        defer { #expect(shell("umount '\(scratch.path)'").code == 0) }
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
        unsafe unlink("\(scratch.path)/ballast")
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
        defer { #expect(shell("umount '\(scratch.path)'").code == 0) }
        for room in [0, 4096, 60_000, 72_000] {
            scratch.write([UInt8](repeating: 1, count: (1 << 20) - room), to: "ballast")
            #expect(codeThrown { _ = try scratch.database() } == .diskFull)
            #expect(!scratch.names.contains("data.mdb"))
            unsafe unlink("\(scratch.path)/ballast")
        }
        try scratch.database().close()
    }

    private func mount(at path: String) -> Bool {
        guard geteuid() == 0 else { return false }
        return shell("mount -t tmpfs -o size=1m tmpfs '\(path)'").code == 0
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

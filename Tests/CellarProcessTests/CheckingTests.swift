import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    struct CheckingTests {
        /// What others change while it is looked at is never taken for damage.
        @Test func aBusyStoreIsWhole() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                try store.sync()
                let workers = try (0..<2).map { try scratch.worker("storm", "cells", 77 + $0, $0) }
                for _ in 0..<40 {
                    let report = try Store.check(scratch.path)
                    #expect(report.findings.filter { $0.kind == .damaged } == [])
                }
                for worker in workers { worker.kill() }
                #expect(try Store.repair(scratch.path).isWhole)
            }
        }

        /// What the dead left is named, and mended on request; what only a person can know is left to one.
        @Test func theDeadAreNamedAndMended() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                try store.array("numbers", of: Int.self, count: 100).fill(1)
                _ = try store.value("triple", initial: Triple(1))
                try store.sync()
                scratch.closeAll()
                let holder = try scratch.worker("hold-value")
                try holder.expect("holding")
                holder.kill()
                let report = try Store.check(scratch.path)
                #expect(!report.isWhole)
                #expect(report.findings.allSatisfy { $0.kind == .unfinished })
                #expect(
                    report.findings.contains { $0.structure == "processes" && $0.text.contains("\(holder.processID)") })
                #expect(report.findings.contains { $0.structure == "cells" && $0.text.contains("'triple'") })
                #expect(try Store.repair(scratch.path).findings == [])

                let writer = try scratch.worker("hold-array", 10, 20, 5)
                try writer.expect("holding")
                writer.kill()
                let after = try Store.repair(scratch.path)
                #expect(after.findings.map(\.kind) == [.unfinished])
                #expect(after.findings.first?.text.contains("elements 10..<20 of 'numbers'") == true)
            }
        }

        @Test func theVerb() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                _ = try store.value("triple", initial: Triple(1))
                try store.sync()
                scratch.closeAll()
                let whole = try Tool.run("check", scratch.path, in: scratch.directory)
                #expect(whole.status == 0)
                #expect(
                    whole.output.replacing(#/[0-9,]+ (pages|bytes)/#) { "N \($0.1)" } == """
                        pages         whole, N pages
                        header        whole, 1 page
                        transactions  whole, 0 pieces for the next checkpoint
                        processes     whole, 0 attachments
                        types         whole, 1 types
                        cells         whole, 1 cells
                        directory     whole, 1 names
                        limbo         whole, 0 blocks
                        free lists    whole, 0 blocks
                        memory        whole, N bytes
                        records       whole, 1 cells
                        values        whole, 1 chunks
                        tables        whole, 0 entries
                        the store is whole

                        """)
                let holder = try scratch.worker("hold-value")
                try holder.expect("holding")
                holder.kill()
                let broken = try Tool.run("check", scratch.path, "--json", in: scratch.directory)
                #expect(broken.status == 1)
                #expect(broken.output.hasPrefix("{\"whole\": false, "))
                #expect(broken.output.contains("\"kind\": \"unfinished\""))
                let repaired = try Tool.run("check", scratch.path, "--repair", in: scratch.directory)
                #expect(repaired.status == 0)
                #expect(repaired.output.hasSuffix("the store is whole\n"))
                let lines = repaired.output.split(separator: "\n").filter { $0.hasPrefix("repaired: ") }
                #expect(lines.contains { $0.hasPrefix("repaired: processes: ") && $0.contains("\(holder.processID)") })
                #expect(lines.contains { $0.hasPrefix("repaired: cells: ") && $0.contains("'triple'") })
                let again = try Tool.run("check", scratch.path, "--repair", "--json", in: scratch.directory)
                #expect(again.output.hasSuffix("\"findings\": [], \"repaired\": []}\n"))
                #expect(try Tool.run("check", scratch.path, in: scratch.directory).status == 0)
                #expect(try Tool.run("check", scratch.path + "x", in: scratch.directory).status == 66)
            }
        }

        /// Elements of what only the disk has are no values of their types.
        @Test func theVerbReadsTheDisk() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let flags = (0..<64).map { $0 % 3 == 0 }
                try store.list("flags", of: Bool.self, capacity: 64).append(contentsOf: flags)
                try store.sync()
                scratch.closeAll()
                try Store.discardSegment(of: scratch.path)
                try scratch.tool("check", scratch.path)
                let data = scratch.path + "/data.mdb"
                let bytes = flags.map { $0 ? UInt8(1) : 0 }
                try #require(Files.replace(bytes, by: bytes.dropLast() + [2], in: data) > 0)
                let found = try Tool.run("check", scratch.path, in: scratch.directory)
                #expect(found.status == 1)
                let damaged = found.output.split(separator: "\n").filter { $0.hasPrefix("damaged: ") }
                #expect(damaged.count == 1, "\(found.output)")
                #expect(damaged.first?.hasPrefix("damaged: lists: 'flags' has at 63 no element: ") == true)
                let json = try Tool.run("check", scratch.path, "--json", in: scratch.directory)
                #expect(json.status == 1 && json.output.contains(#""structure": "lists""#), "\(json.output)")
            }
        }
    }
}

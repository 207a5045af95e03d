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
                #expect(whole.output.hasSuffix("the store is whole\n"))
                let holder = try scratch.worker("hold-value")
                try holder.expect("holding")
                holder.kill()
                let broken = try Tool.run("check", scratch.path, "--json", in: scratch.directory)
                #expect(broken.status == 1)
                #expect(broken.output.hasPrefix("{\"whole\": false, "))
                #expect(broken.output.contains("\"kind\": \"unfinished\""))
                #expect(try Tool.run("check", scratch.path, "--repair", in: scratch.directory).status == 0)
                #expect(try Tool.run("check", scratch.path, in: scratch.directory).status == 0)
                #expect(try Tool.run("check", scratch.path + "x", in: scratch.directory).status == 66)
            }
        }
    }
}

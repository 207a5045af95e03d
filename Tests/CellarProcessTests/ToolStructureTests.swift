import Cellar
import CellarTestSupport
import Testing

extension ProcessTests {
    /// What the tool makes of lists, blocks and pipes.
    @Suite struct ToolStructures {
        private func output(_ arguments: String..., in scratch: ScratchStore) throws -> String {
            let run = try Tool.run(arguments.map { Array($0.utf8) }, in: scratch.directory)
            #expect(run.status == 0, "\(arguments): \(run.errors)")
            return run.output
        }

        @Test func whatTheyHold() throws {
            try withScratchStore { scratch in
                let (store, path) = (try scratch.open { $0.processName = "holder" }, scratch.path)
                try store.list("list", of: SIMD2<Int32>.self, capacity: 9).append(contentsOf: [
                    SIMD2(1, 2), SIMD2(3, 4),
                ])
                try store.block("block", byteCount: 70).write((0..<70).map { UInt8($0) })
                let end = try store.pipe("pipe", capacity: 128).open(.first)
                try end.send([1, 2, 3])
                let listing = try output("ls", path, in: scratch).split(separator: "\n").map(String.init)
                #expect(listing.count == 4)
                #expect(listing[1].hasPrefix("block") && listing[1].contains("70"))
                #expect(
                    listing[2].hasPrefix("list") && listing[2].contains("int32") && listing[2].contains("at most 9"))
                #expect(listing[3].hasPrefix("pipe") && listing[3].contains("128 bytes each way"))
                let elements = try output("get", path, "list", in: scratch)
                #expect(elements.split(separator: "\n").count == 2)
                #expect(try output("get", path, "list", "--json", in: scratch) == "[[1, 2], [3, 4]]\n")
                let pipe = try output("get", path, "pipe", in: scratch)
                #expect(pipe.contains("first: holder (pid "))
                #expect(pipe.contains("16 bytes on the way to the second") && pipe.contains("second: free"))
                let dump = try output("dump", path, in: scratch)
                #expect(dump.contains("  000102") && dump.contains("and 6 bytes more"))
                let lines = try output("dump", path, "--format", "json", in: scratch).split(separator: "\n")
                #expect(lines.count == 3)
                #expect(lines[2].contains(#""bytes_from_first": 16"#))
                try store.sync()
                scratch.closeAll()
                try Store.discardSegment(of: path)
                // The same from disk alone, but for the pipe.
                let saved = try output("dump", path, "--format", "json", in: scratch).split(separator: "\n")
                #expect(saved == Array(lines.prefix(2)))
                #expect(try output("get", path, "list", "--json", in: scratch) == "[[1, 2], [3, 4]]\n")
                #expect(
                    try output("dump", path, in: scratch)
                        == dump.prefix(upTo: dump.firstRange(of: "pipe (")!.lowerBound))
            }
        }
    }
}

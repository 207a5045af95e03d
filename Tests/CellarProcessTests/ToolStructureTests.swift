import Cellar
import CellarTestSupport
import Testing

extension ProcessTests {
    /// What the tool makes of lists, blocks and pipes.
    @Suite struct ToolStructures {
        @Test func whatTheyHold() throws {
            try withScratchStore { scratch in
                let (store, path) = (try scratch.open { $0.processName = "holder" }, scratch.path)
                try store.list("list", of: SIMD2<Int32>.self, capacity: 9).append(contentsOf: [
                    SIMD2(1, 2), SIMD2(3, 4),
                ])
                try store.block("block", byteCount: 70).write((0..<70).map { UInt8($0) })
                let end = try store.pipe("pipe", capacity: 128).open(.first)
                try end.send([1, 2, 3])
                let listing = try scratch.tool("ls", path).split(separator: "\n").map(String.init)
                #expect(listing.count == 4)
                #expect(listing[1].hasPrefix("block") && listing[1].contains("70"))
                #expect(
                    listing[2].hasPrefix("list") && listing[2].contains("int32") && listing[2].contains("at most 9"))
                #expect(listing[3].hasPrefix("pipe") && listing[3].contains("128 bytes each way"))
                let elements = try scratch.tool("get", path, "list")
                #expect(elements.split(separator: "\n").count == 2)
                #expect(try scratch.tool("get", path, "list", "--json") == "[[1, 2], [3, 4]]\n")
                let pipe = try scratch.tool("get", path, "pipe")
                #expect(pipe.contains("first: holder (pid "))
                #expect(pipe.contains("16 bytes on the way to the second") && pipe.contains("second: free"))
                let dump = try scratch.tool("dump", path)
                #expect(dump.contains("  000102") && dump.contains("and 6 bytes more"))
                let lines = try scratch.tool("dump", path, "--format", "json").split(separator: "\n")
                #expect(lines.count == 3)
                #expect(lines[2].contains(#""bytes_from_first": 16"#))
                try store.sync()
                scratch.closeAll()
                try Store.discardSegment(of: path)
                // The same from disk alone, but for the pipe.
                let saved = try scratch.tool("dump", path, "--format", "json").split(separator: "\n")
                #expect(saved == Array(lines.prefix(2)))
                #expect(try scratch.tool("get", path, "list", "--json") == "[[1, 2], [3, 4]]\n")
                #expect(
                    try scratch.tool("dump", path)
                        == dump.prefix(upTo: dump.firstRange(of: "pipe (")!.lowerBound))
            }
        }
    }
}

import Cellar
import CellarTestSupport
import Testing

extension ProcessTests {
    /// What `cellar stat` says of memory between cells that is free: it is what was given back.
    @Suite struct ToolFreeMemory {
        /// Every second array is removed, so that no two free blocks touch; and the store opened again, since memory rests for as
        /// long as somebody may look at it.
        @Test func whatWasRemovedIsFree() throws {
            try withScratchStore { scratch in
                var store = try scratch.open()
                let counts = [40, 40, 300, 300, 300, 5000, 40_000]
                var sizes: [Int] = []
                // With it comes what is made once.
                _ = try store.array("kept", of: Int.self, count: 10)
                for (number, count) in counts.enumerated() {
                    let before = try segment(store).used
                    _ = try store.array("gone/\(number)", of: Int.self, count: count)
                    sizes.append(try segment(store).used - before)
                    #expect(sizes[number] >= count * 8 && sizes[number] < count * 8 + 4096, "\(sizes)")
                    _ = try store.array("kept/\(number)", of: Int.self, count: 10)
                }
                try store.sync()
                let fresh = try scratch.tool("stat", scratch.path, "--bytes")
                #expect(fresh.contains(" bytes at the end, none between\n"), "\(fresh)")
                for number in counts.indices { try store.remove("gone/\(number)") }
                try store.sync()
                scratch.closeAll()
                store = try scratch.open()
                // Who changes the catalogue next puts it away.
                try store.remove("kept")
                try expect(sizes, in: scratch)
                // It is used again, and nothing is added at the end.
                let (used, free) = (try segment(store).used, sizes.reduce(0, +) + Self.note * counts.count)
                _ = try store.array("again", of: Int.self, count: 300)
                let json = try scratch.tool("stat", scratch.path, "--json")
                #expect(json.contains("\"used\": \(used), \"free\": \(free - sizes[2]), "), "\(json)")
            }
        }

        /// What each removal is noted in, until its memory is free: freed with it.
        private static let note = 48

        /// Those of the sizes, and the notes, by powers of two.
        private func expect(_ sizes: [Int], in scratch: ScratchStore) throws {
            let all = sizes + Array(repeating: Self.note, count: sizes.count)
            let classes = Dictionary(grouping: all) { size in
                var limit = 16
                while limit < size { limit *= 2 }
                return limit
            }
            #expect(classes.mapValues(\.count) == [64: 7, 1024: 2, 4096: 3, 65536: 1, 524_288: 1])
            let (free, largest) = (all.reduce(0, +), sizes.max() ?? 0)
            let json = try scratch.tool("stat", scratch.path, "--json")
            let list = classes.sorted { $0.key < $1.key }.map { limit, blocks in
                "{\"limit\": \(limit), \"blocks\": \(blocks.count), \"bytes\": \(blocks.reduce(0, +))}"
            }
            #expect(json.contains("\"free\": \(free), "), "\(json)")
            #expect(
                json.contains(
                    "\"free_blocks\": 14, \"largest_free\": \(largest), \"free_classes\": [\(list.joined(separator: ", "))]"
                ),
                "\(json)")
            let text = try scratch.tool("stat", scratch.path, "--bytes")
            let percent = Int((Double(free - largest) / Double(free) * 100).rounded())
            func bytes(_ count: Int) -> String {
                count < 1000
                    ? "\(count) bytes" : "\(count / 1000),\(String(String(count % 1000 + 1000).dropFirst())) bytes"
            }
            #expect(
                text.contains(
                    "\(bytes(free)) in 14 blocks between, the largest \(bytes(largest)): \(percent)% fragmented\n"),
                "\(text)")
            for (limit, blocks) in classes {
                let count = blocks.count == 1 ? "1 block" : "\(blocks.count) blocks"
                let row = text.split(separator: "\n").first { $0.hasPrefix("  up to \(bytes(limit)) ") }
                #expect(row?.hasSuffix("  \(bytes(blocks.reduce(0, +))) in \(count)") == true, "\(text)")
            }
        }

        private func segment(_ store: Store) throws -> StoreStatistics.SegmentStatistics {
            try #require(try store.statistics().segment)
        }
    }
}

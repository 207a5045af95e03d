import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// The built tool, driven as a person or a script would.
    struct ToolTests {
        private func expect(
            _ arguments: String..., in scratch: ScratchStore, says output: String? = nil, ends status: Int32 = 0,
            location: SourceLocation = #_sourceLocation
        ) throws {
            let run = try Tool.run(arguments.map { Array($0.utf8) }, in: scratch.directory)
            #expect(run.status == status, "\(arguments): \(run.errors)", sourceLocation: location)
            if let output { #expect(run.output == output, "\(arguments)", sourceLocation: location) }
            // An error is one line on the error output, and nothing on the other.
            if status != 0 {
                #expect(run.output.isEmpty, "\(arguments)", sourceLocation: location)
                #expect(run.errors.hasPrefix("cellar: ") || status == 64, "\(run.errors)", sourceLocation: location)
            }
        }

        @Test func theFirstVerbs() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                try expect("new", path, "speed", "--type", "double", "--value", "0.5", in: scratch)
                try expect("new", path, "pose", "--type", "{x: double @0, y: double @8}", in: scratch)
                try expect("new", path, "steps", "--type", "int", "--count", "12", in: scratch)
                try expect("get", path, "speed", in: scratch, says: "0.5\n")
                try expect("add", path, "speed", "0.25", "--sync", in: scratch, says: "0.75\n")
                try expect("set", path, "steps[3]", "7", in: scratch)
                try expect("get", path, "steps[3]", in: scratch, says: "7\n")
                try expect("get", path, "steps[2..<5]", in: scratch, says: "0\n7\n0\n")
                try expect("set", path, "pose", "{\"x\": 1.5, \"y\": -2}", in: scratch)
                let dump = """
                    {"name": "pose", "kind": "value", "type": "{x: double @0, y: double @8}", "persistent": true, \
                    "value": {"x": 1.5, "y": -2.0}}
                    {"name": "speed", "kind": "value", "type": "double", "persistent": true, "value": 0.75}
                    {"name": "steps", "kind": "array", "type": "int64", "count": 12, "persistent": true, \
                    "value": [0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0]}

                    """
                try expect("dump", path, "--format", "json", in: scratch, says: dump)
                try Store.discardSegment(of: path)
                // The same from disk alone, with nothing made in memory.
                try expect("dump", path, "--format", "json", in: scratch, says: dump)
                try expect("rm", path, "steps", in: scratch)
                try expect("get", path, "steps", in: scratch, ends: 66)
                try expect("ps", path, in: scratch)
                try expect("stat", path, in: scratch)
                try Store.remove(path)
            }
        }

        @Test func errorsByKind() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                try expect("ls", path, in: scratch, ends: 66)
                try expect("new", path, "n", "--type", "int8", in: scratch)
                try expect("new", path, "n", "--type", "int8", in: scratch, ends: 73)
                try expect("new", path, "m", "--type", "pointer", in: scratch, ends: 64)
                try expect("set", path, "n", "300", in: scratch, ends: 65)
                try expect("set", path, "n", "abc", in: scratch, ends: 65)
                try expect("add", path, "n", "200", in: scratch, ends: 65)
                try expect("get", path, "n[4]", in: scratch, ends: 65)
                try expect("new", path, "", "--type", "int", in: scratch, ends: 64)
                try expect("new", path, String(repeating: "x", count: 256), "--type", "int", in: scratch, ends: 64)
                try expect("frobnicate", in: scratch, ends: 64)
                let notUTF8 = try Tool.run(
                    [Array("get".utf8), Array(path.utf8), [0x66, 0xFF, 0xFE]], in: scratch.directory)
                #expect(notUTF8.status == 64 && notUTF8.errors.contains("UTF-8"), "\(notUTF8.errors)")
                try Store.remove(path)
            }
        }

        /// Four processes, one killed half way, a restart, and all totals equal.
        @Test func theDemo() throws {
            try withScratchStore { scratch in
                let run = try Tool.run("demo", in: scratch.directory)
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.output.contains("with SIGKILL"))
                #expect(run.output.contains("totals equal"))
            }
        }
    }
}

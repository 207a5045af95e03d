import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// `doctor` and `bench`: what they look at, whatever they find on this machine.
    @Suite struct ToolMachineTests {
        private static let names = [
            "/dev/shm", "overcommit", "RemoveIPC", "dead holders", "membarrier", "futex_waitv", "kernel", "file size",
            "addresses", "large pages", "database",
        ]
        private var cellar: String { "'\(Worker.buildDirectory)/cellar'" }

        /// The first word of each line that has a name, by name.
        private func levels(_ output: String) -> [String: String] {
            var levels: [String: String] = [:]
            for line in output.split(separator: "\n") where !line.hasPrefix(" ") {
                levels[line.dropFirst(6).prefix(12).split(separator: " ").joined(separator: " ")] = String(
                    line.prefix(4)
                )
                .split(separator: " ").first.map(String.init)
            }
            return levels
        }

        @Test func theDoctor() throws {
            try withScratchStore { scratch in
                let run = try Tool.run("doctor", in: scratch.directory)
                #expect(run.status == 0, "\(run.output)")
                #expect(Set(levels(run.output).keys) == Set(Self.names))
                #expect(levels(run.output)["dead holders"] == "ok" && levels(run.output)["database"] == "ok")
                #expect(run.output.contains("LMDB 0.9."))
                // With a store, or a place for one; as objects, of which each has the same members.
                let json = try Tool.run("doctor", scratch.path, "--json", in: scratch.directory)
                let lines = json.output.split(separator: "\n")
                #expect(lines.count == Self.names.count + 2)
                for (line, name) in zip(lines, Self.names + ["file system", "disk"]) {
                    #expect(
                        line.wholeMatch(
                            of: #/\{"level": "(ok|warn|fail)", "name": "(.*?)", "text": ".*", "advice": .*\}/#)?.2
                            == name[...])
                }
                #expect(!Files.exists(scratch.path))
                let none = try Tool.run("doctor", "/nowhere/store", in: scratch.directory)
                #expect(none.status == 1)
                #expect(none.output.contains("fail  file system   there is no '/nowhere'\n"))
            }
        }

        @Test func whatIsMissingIsSaid() throws {
            let limited = shell("ulimit -v 20000000; ulimit -f 4194304; \(cellar) doctor")
            #expect(limited.code == 1)
            let found = levels(limited.output)
            #expect(found["addresses"] == "fail" && found["file size"] == "warn", "\(limited.output)")
            #expect(limited.output.contains("ulimit -v unlimited, or open stores with a smaller addressReserve"))
            #expect(limited.output.contains("limited to 4.0 GiB") || limited.output.contains("limited to 2.0 GiB"))
            for (size, level, code) in [("1M", "fail", 1), ("64M", "warn", 0)] as [(String, String, Int32)] {
                let small = shell(
                    "unshare --mount sh -c \"mount -t tmpfs -o size=\(size) tmpfs /dev/shm || exit 111; \(cellar) doctor\""
                )
                if small.code == 111 { return }
                #expect(small.code == code && levels(small.output)["/dev/shm"] == level, "\(small.output)")
            }
        }

        @Test func theBench() throws {
            try withScratchStore { scratch in
                let text = try Tool.run("bench", scratch.directory, in: scratch.directory)
                #expect(text.status == 0, "\(text.errors)")
                #expect(text.output.hasPrefix("This tool was built without optimisation"))
                let names = [
                    "atomic load", "value load", "atomic store", "value store", "atomic add", "value add",
                    "copy 64 bytes", "64-byte load", "64-byte store", "pthread mutex", "mutex", "Dictionary get",
                    "dictionary get", "Dictionary set", "dictionary set", "queue put + get", "64 put + get",
                    "table get", "table set, on disk", "write + fsync", "value store + sync",
                ]
                let json = try Tool.run("bench", scratch.directory, "--json", in: scratch.directory)
                var seen: [String] = []
                for line in json.output.split(separator: "\n") {
                    let pattern =
                        #/\{"name": "(.*?)", "nanoseconds": (.*?), "low": (.*?), "high": (.*?), "rounds": 15, "beside": (?:null|"(.*?)"), "optimised": false\}/#
                    guard let match = line.wholeMatch(of: pattern), let median = Double(match.2),
                        let low = Double(match.3),
                        let high = Double(match.4)
                    else {
                        Issue.record("\(line)")
                        continue
                    }
                    #expect(0 < low && low <= median && median <= high)
                    if let baseline = match.5 { #expect(seen.contains(String(baseline))) }
                    seen.append(String(match.1))
                }
                #expect(seen == names)
                for name in names { #expect(text.output.contains("\n\(name) ")) }
                #expect(Files.names(scratch.directory).filter { $0.hasPrefix("cellar-bench") } == [])
            }
        }
    }
}

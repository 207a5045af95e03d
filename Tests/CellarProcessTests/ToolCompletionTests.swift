import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// What a shell is told to offer: the names of the store that is typed, or of the default one.
    @Suite struct ToolCompletions {
        private func fill(_ scratch: ScratchStore) throws {
            let store = try scratch.open()
            _ = try store.value("speed", initial: 1)
            _ = try store.array("steps", of: Int.self, count: 4)
            _ = try store.dictionary("seen", keys: Int.self, values: Int.self)
            _ = try store.queue("jobs", of: Int.self)
            _ = try store.mutex("door")
            _ = try store.table("users", keys: String.self, values: Int.self)
            try store.sync()
            scratch.closeAll()
        }

        /// Asks as the scripts do, for the last of the words.
        private func offered(
            _ scratch: ScratchStore, _ words: String..., at position: Int = 1, environment: String = ""
        ) -> [String] {
            let texts = words.map { "'\($0)'" }.joined(separator: " ")
            let last = words.last ?? ""
            let output = scratch.shell(
                """
                \(environment) cellar ---completion \(words[0]) -- positional@\(position) \(words.count) \(last.count) \
                cellar \(texts)
                """)
            return output.split(separator: "\n").map(String.init)
        }

        @Test func namesOfTheStoreThatIsTyped() throws {
            try withScratchStore { scratch in
                try fill(scratch)
                #expect(offered(scratch, "get", "store", "") == ["door", "jobs", "seen", "speed", "steps", "users"])
                #expect(offered(scratch, "get", "store", "s") == ["seen", "speed", "steps"])
                #expect(offered(scratch, "get", scratch.path, "sp") == ["speed"])
                #expect(offered(scratch, "watch", "store", "speed", "--json", "u") == ["users"])
                // Only what the verb is for.
                #expect(offered(scratch, "put", "store", "") == ["jobs"])
                #expect(offered(scratch, "lock", "store", "") == ["door"])
                #expect(offered(scratch, "add", "store", "") == ["speed", "steps"])
                #expect(offered(scratch, "scan", "store", "") == ["seen", "users"])
                #expect(offered(scratch, "rm", "store", "speed", "st", at: 2) == ["steps"])
            }
        }

        @Test func theDefaultStore() throws {
            try withScratchStore { scratch in
                try fill(scratch)
                let here = "CELLAR_STORE='\(scratch.path)'"
                #expect(offered(scratch, "get", "sp", at: 0, environment: here) == ["speed"])
                #expect(offered(scratch, "get", "st", at: 0, environment: here) == ["steps", "store"])
                #expect(offered(scratch, "watch", "speed", "se", environment: here) == ["seen"])
                // That is the value's place, and not a name's.
                #expect(offered(scratch, "set", "speed", "s", environment: here) == [])
                // What is typed comes first.
                scratch.shell("cellar new other.cellar else --type int")
                #expect(offered(scratch, "get", "other.cellar", "", environment: here) == ["else"])
                #expect(offered(scratch, "ps", "s", at: 0, environment: here) == ["store"])
                try Store.remove(scratch.directory + "/other.cellar")
            }
        }

        @Test func stores() throws {
            try withScratchStore { scratch in
                try fill(scratch)
                scratch.shell("mkdir -p 'my things/stock' .hidden && touch straw")
                #expect(offered(scratch, "get", "st", at: 0) == ["store"])
                #expect(offered(scratch, "get", "", at: 0) == ["my things", "store"])
                #expect(offered(scratch, "get", "my\\ things/", at: 0) == ["my things/stock"])
                #expect(offered(scratch, "get", "~/st", at: 0, environment: "HOME=\"$PWD\"") == ["~/store"])
            }
        }

        /// Not a word, whatever is wrong; and no trace.
        @Test func silence() throws {
            try withScratchStore { scratch in
                try fill(scratch)
                let identity = try scratch.openReadOnly().statistics().identity
                scratch.closeAll()
                let files = ["/data.mdb", "/lock.mdb"].map { scratch.path + $0 } + [Files.segmentPath(identity)]
                let (before, names) = (files.map { Files.read($0) }, Files.names(scratch.path))
                #expect(offered(scratch, "get", "store", "s").count == 3)
                #expect(files.map { Files.read($0) } == before && Files.names(scratch.path) == names)
                #expect(scratch.shell("cellar ---completion get -- positional@1 3 0 cellar get nowhere ''") == "")
                #expect(!Files.exists(scratch.directory + "/nowhere"))
                for wrong in ["", "get", "get -- positional@9 1 1 cellar", "nonsense -- x", "get -- positional@1 x y"] {
                    #expect(scratch.shell("cellar ---completion \(wrong)", ends: 64) == "", "\(wrong)")
                }
                Files.write(Array("no database".utf8), to: scratch.path + "/data.mdb", truncating: true)
                #expect(scratch.shell("cellar ---completion get -- positional@1 3 0 cellar get store ''") == "")
            }
        }

        /// bash itself, with the script that it is given: names come whole, and none is run.
        @Test func inBash() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                for name in [
                    "speed", "spin rate", "sp$(touch run)`touch run`", "spä/x:y", "sp\"';&|*?[1]",
                ] {
                    _ = try store.value(name, initial: 1)
                }
                let script = """
                    source ./script
                    COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
                    _cellar "$1" "${@: -1}" "${@: -2:1}"
                    printf '%s\\n' "${COMPREPLY[@]}"
                    """
                try scratch.write(script, to: "ask")
                let tool = Worker.buildDirectory + "/cellar"
                scratch.shell("cellar --generate-completion-script bash > script")
                #expect(
                    Set(scratch.shell("bash ask '\(tool)' get store sp").split(separator: "\n")) == [
                        "speed", "spin rate", "sp$(touch run)`touch run`", "spä/x:y", "sp\"';&|*?[1]",
                    ])
                #expect(!Files.exists(scratch.directory + "/run"))
                #expect(scratch.shell("bash ask '\(tool)' get st") == "store\n")
                #expect(scratch.shell("CELLAR_STORE=store bash ask '\(tool)' get spee") == "speed\n")
            }
        }
    }
}

import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// What people expect of any tool: a default store, a hint where they slip, a manual page, completions.
    @Suite struct ToolHabits {
        private var tool: String { Worker.buildDirectory + "/cellar" }
        private var scripts: String { #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/tools" }

        private func says(_ arguments: String, _ scratch: ScratchStore) -> (code: Int32, output: String) {
            shell("cd '\(scratch.directory)' && CELLAR_STORE='\(scratch.path)' '\(tool)' \(arguments)")
        }

        /// With `CELLAR_STORE`, no verb needs a store, and each can be given another one.
        @Test func aDefaultStore() throws {
            try withScratchStore { scratch in
                #expect(says("new speed --type double --value 2", scratch) == (0, ""))
                #expect(says("set speed -3", scratch) == (0, ""))
                #expect(says("get speed", scratch) == (0, "-3.0\n"))
                #expect(says("add speed 0.5", scratch) == (0, "-2.5\n"))
                #expect(says("mv speed velocity", scratch) == (0, ""))
                #expect(says("ls --json", scratch).output.hasPrefix("{\"name\": \"velocity\""))
                #expect(says("new other.cellar speed --type int --value 7", scratch) == (0, ""))
                #expect(says("get other.cellar speed", scratch) == (0, "7\n"))
                #expect(says("get ./other.cellar speed", scratch) == (0, "7\n"))
                let none = shell("'\(tool)' ls")
                #expect(none.code == 64 && none.output.contains("<store>"))
                try Store.remove(scratch.directory + "/other.cellar")
            }
        }

        @Test func didYouMean() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                _ = try store.value("robot/speed", initial: 1)
                _ = try store.array("steps", of: Int.self, count: 4)
                _ = try store.table("users", keys: String.self, values: Int.self)
                for (words, meant) in [
                    ("get robot/sped", "robot/speed"), ("get 'stpes[2]'", "steps"), ("scan user", "users"),
                    ("rm Steps", "steps"), ("get robot/seepd", "robot/speed"),
                ] {
                    let (code, output) = says(words, scratch)
                    #expect(code == 66 && output.hasSuffix("; did you mean '\(meant)'?\n"), "\(words): \(output)")
                }
                #expect(!says("get nothing-like-it", scratch).output.contains("did you mean"))
                #expect(
                    says("lst", scratch) == (
                        64, "cellar: there is no verb 'lst': did you mean 'ls'? (see 'cellar --help')\n"
                    ))
                #expect(
                    says("frobnicate", scratch) == (64, "cellar: there is no verb 'frobnicate' (see 'cellar --help')\n")
                )
            }
        }

        /// Every verb has an example in its help, and a place on the manual page.
        @Test func helpAndManual() throws {
            let verbs = shell("'\(tool)' --help").output.listedVerbs
            #expect(verbs.count > 25 && verbs.contains("ls"))
            let manual = shell("'\(tool)' manual").output
            #expect(manual.hasPrefix(".TH CELLAR 1\n"))
            for verb in verbs where verb != "help" {
                let help = shell("'\(tool)' \(verb) --help")
                #expect(help.code == 0 && help.output.contains("  cellar \(verb)"), "\(verb) has no example")
                #expect(manual.contains("\n.SS \(verb.replacing("-", with: "\\-"))\n"), "\(verb) is not in the manual")
            }
        }

        @Test func installing() throws {
            try withScratchStore { scratch in
                let prefix = scratch.directory + "/usr"
                let (code, output) = shell("'\(scripts)/install' --prefix '\(prefix)' --binary '\(tool)'")
                #expect(code == 0, "\(output)")
                #expect(shell("'\(prefix)/bin/cellar' --help").code == 0)
                #expect(Files.text(prefix + "/share/man/man1/cellar.1").hasPrefix(".TH CELLAR 1"))
                #expect(Files.text(prefix + "/share/zsh/site-functions/_cellar").hasPrefix("#compdef cellar"))
                #expect(
                    Files.text(prefix + "/share/fish/vendor_completions.d/cellar.fish").contains("complete -c 'cellar'")
                )
                let completed = shell(
                    """
                    bash -c 'source "\(prefix)/share/bash-completion/completions/cellar"
                    COMP_LINE="cellar lo" COMP_POINT=9 COMP_WORDS=(cellar lo) COMP_CWORD=1
                    _cellar cellar lo cellar; echo "${COMPREPLY[@]}"'
                    """)
                #expect(completed.output.split(whereSeparator: \.isWhitespace).contains("locks"), "\(completed.output)")
                #expect(shell("'\(scripts)/install' --nonsense").code == 1)
            }
        }
    }
}

extension String {
    /// The verbs that a help text lists, in all of its groups.
    fileprivate var listedVerbs: [String] {
        split(separator: "\n", omittingEmptySubsequences: false).drop { $0 != "SUBCOMMANDS:" }
            .filter { $0.hasPrefix("  ") && $0.dropFirst(2).first?.isLowercase == true }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
    }
}

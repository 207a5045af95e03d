import ArgumentParser
import Cellar
import CellarTestSupport
import Glibc

/// What is broken on purpose, in the seventh case, to see it found.
enum Sabotage: String, ExpressibleByArgument, CaseIterable {
    case trap, hang

    /// The case that traps or hangs.
    static let number: UInt64 = 7
}

// libFuzzer brings a `main` of its own.
#if !LIBFUZZER
    @main
#endif
struct Fuzz: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz",
        abstract:
            "Damages stores at random, and lets processes use them: an error or an answer, never a trap or a hang.",
        discussion: """
            A case is a store with damaged bytes, in its segment or its database, that a process opens, lists, reads, \
            writes, changes and syncs. A process that dies or does not come to an end is reported with seed and case; \
            --case does that one again. The last line tells what came of it; exit status 1 if failed is not 0.

            LMDB has no checksums and believes the pages of its trees, so damage there can end a process inside of it: \
            counted as lmdb-limit, not as failed.
            """,
        subcommands: [Direct.self, Work.self], defaultSubcommand: Direct.self)
}

struct Direct: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "direct", abstract: "Runs it all.")

    @Option(help: "How long to go on.") var seconds = 60
    @Option(help: "Chooses the damage; random, and said, if it is not given.") var seed: UInt64?
    @Option(name: .customLong("case"), help: "Only this case, in this process.") var onlyCase: UInt64?
    @Option(help: "Seconds after which a case counts as hung.") var patience = 20
    @Option(help: ArgumentHelp("Break something on purpose.", visibility: .hidden)) var sabotage: Sabotage?

    func run() throws {
        let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        if let onlyCase {
            var work = Work()
            (work.seed, work.first, work.count, work.sabotage) = (seed, onlyCase, 1, sabotage)
            return try work.run()
        }
        print("seed \(seed), \(seconds) s")
        var director = Director(seed: seed, patience: patience, sabotage: sabotage)
        director.run(seconds: seconds)
        print(director.summary)
        if director.failed > 0 { throw ExitCode(1) }
    }
}

/// Tries one case after the other in this process, saying each before it is tried.
struct Work: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "work", shouldDisplay: false)

    @Argument var seed: UInt64 = 0
    @Argument var first: UInt64 = 0
    @Argument var count: UInt64 = 1000
    @Argument var sabotage: Sabotage?

    func run() throws {
        signal(SIGPIPE, SIG_DFL)
        // Where the shared memory is, the disk is no drag. Named for the parent, so that it goes whatever becomes of us.
        let directory = "/dev/shm/cellar-fuzz-\(count == 1 ? getpid() : getppid())"
        Files.removeTree(directory)
        unsafe mkdir(directory, 0o700)
        defer { Files.removeTree(directory) }
        let store = try FuzzedStore(directory + "/store") { say("segment \($0)") }
        for number in first..<first + count {
            var random = SeededRandom(seed: seed ^ (number &* 0x9E37_79B9_7F4A_7C15))
            let (kind, story) = store.damage(&random)
            say("\(number) \(kind) \(story)")
            if number == Sabotage.number, let sabotage {
                if sabotage == .trap { fatalError("on purpose") }
                while true { pause() }
            }
            try store.use(&random)
        }
        say("done")
    }

    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}

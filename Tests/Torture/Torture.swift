import ArgumentParser
import Cellar
import CellarTestSupport
import Glibc

@main
struct Torture: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torture",
        abstract: "Processes work at random on one store while they are killed, stopped, and the memory is dropped.",
        discussion: """
            Every worker writes down what it is about to do and what it did; whoever comes after it looks whether that is \
            what the store holds. The last line tells what came of it:

              kills=… restarts=… operations=… torn=0 lost=0 hung=0 …

            torn: something was seen half done. lost: something that was done is not there, or something is there that \
            nobody did. hung: an operation did not end in time. errors: an operation threw what it should not have. \
            Exit status 1 if any of them is not 0. The same seed gives each worker the same operations.
            """,
        subcommands: [Direct.self, Work.self], defaultSubcommand: Direct.self)
}

/// What is broken on purpose, to see it found.
enum Sabotage: String, ExpressibleByArgument, CaseIterable {
    case torn, lost, hung
}

struct Direct: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "direct", abstract: "Runs it all.")

    @Option(help: "How long to go on.") var seconds = 60
    @Option(help: "Chooses the operations; random, and said, if it is not given.") var seed: UInt64?
    @Option(help: "How many workers.") var processes = 4
    @Option(help: "Seconds after which an operation counts as hung.") var patience = 30
    @Option(help: ArgumentHelp("Break something on purpose.", visibility: .hidden)) var sabotage: Sabotage?

    func validate() throws {
        guard (1...64).contains(processes) else { throw ValidationError("--processes takes 1 to 64") }
        guard seconds > 0, patience > 0 else { throw ValidationError("--seconds and --patience take more than 0") }
    }

    func run() throws {
        let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        report("seed \(seed), \(processes) processes, \(seconds) s")
        let director = try Director(
            seed: seed, processes: processes, seconds: seconds, patience: patience, sabotage: sabotage)
        defer { director.tearDown() }
        try director.run()
        print(director.summary)
        if !director.isClean { throw ExitCode(1) }
    }
}

struct Work: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "work", shouldDisplay: false)

    @Argument var directory: String
    @Argument var number: Int
    @Argument var life: UInt64
    @Argument var seed: UInt64
    @Option var sabotage: Sabotage?
    @Flag var onlyLook = false

    func run() throws {
        endWithParent()
        let worker = try TortureWorker(
            directory: directory, number: number, life: life, seed: seed, sabotage: sabotage)
        try worker.run(onlyLook: onlyLook)
    }
}

/// A line for whoever watches, beside the result.
func report(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    unsafe bytes.withUnsafeBytes { _ = unsafe write(2, $0.baseAddress!, $0.count) }
}

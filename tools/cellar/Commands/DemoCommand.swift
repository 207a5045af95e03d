import ArgumentParser
import Cellar

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Counts text in four processes that share a store, kills one, and checks the result.",
        discussion: """
            The processes claim pieces of the files through cells of the store and add up letters, words, lines and \
            bytes there. Half way one of them is killed; the others finish its share. Then the shared memory is \
            dropped, as a restart of the machine would, and what the store brings back from disk is compared with a \
            count made by one process alone.

              cellar demo
              cellar demo --keep /usr/share/dict/words
            """)

    @Argument(help: "Text files; those in \(DemoInput.defaultDirectory) if none is named.") var files: [String] = []
    @Flag(help: "Leaves the store where it is, and says where.") var keep = false
    @Option(name: .customLong("store"), help: "Makes the store here, and leaves it; nothing may be there yet.")
    var storePath: String?
    @Option(help: "Spreads the work over about so many seconds, so that it can be watched.") var seconds = 3.0

    func validate() throws {
        guard seconds >= 0, seconds <= 3600 else { throw ValidationError("--seconds takes a number from 0 to 3600") }
    }

    func run() throws {
        TerminatingSignals.block()
        let input = try DemoInput(naming: files)
        let place = try DemoPlace(path: storePath, isKept: keep)
        let outcome = Result { try Demo(input: input, place: place, seconds: seconds).run() }
        place.leave()
        guard try outcome.get() else { throw ExitCode(ExitStatus.unequal.rawValue) }
    }
}

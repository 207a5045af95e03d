import CellarTestSupport
import Glibc

/// The program that tests start, stop and kill: `cellar-test-worker COMMAND STORE ARGUMENT…`.
///
/// It says what it did in lines on its standard output, and waits for lines on its standard input.
let commands = [
    countingCommands, checksumCommands, lockingCommands, stormCommands, openingCommands, durabilityCommands,
    forkCommands,
    crashCommands, tableCommands, surroundingsCommands, watchingCommands, dictionaryCommands, bankCommands,
    queueCommands,
    pipingCommands,
    syncingCommands,
    lookingCommands,
].reduce(into: [String: Command]()) { all, some in
    // A name that is there twice would run whichever came last.
    all.merge(some) { _, _ in preconditionFailure("two commands have one name: \(some.keys.sorted())") }
}

let words = CommandLine.arguments.dropFirst()
guard let name = words.first, let command = commands[name] else {
    say("commands: \(commands.keys.sorted().joined(separator: " "))")
    exit(64)
}
endWithParent()
do {
    try command(Arguments(Array(words.dropFirst())))
} catch {
    say("error \(code(of: error)): \(error)")
    exit(1)
}

import CellarTestSupport
import Glibc

/// The program that tests start, stop and kill: `cellar-test-worker COMMAND STORE ARGUMENT…`.
///
/// It says what it did in lines on its standard output, and waits for lines on its standard input.
let commands: [String: Command] =
    countingCommands.merging(checksumCommands) { $1 }.merging(lockingCommands) { $1 }.merging(stormCommands) { $1 }
    .merging(openingCommands) { $1 }.merging(durabilityCommands) { $1 }.merging(forkCommands) { $1 }
    .merging(crashCommands) { $1 }.merging(tableCommands) { $1 }.merging(surroundingsCommands) { $1 }
    .merging(watchingCommands) { $1 }.merging(dictionaryCommands) { $1 }

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

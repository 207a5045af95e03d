import Glibc

/// The command line as the argument parser is to see it.
enum CommandLineArguments {
    /// Throws for bytes that are not UTF-8, which Swift's own `CommandLine.arguments` would silently replace.
    static func checked() throws -> [String] {
        var arguments: [String] = []
        for index in 1..<max(Int(CommandLine.argc), 1) {
            guard let bytes = unsafe CommandLine.unsafeArgv[index] else { break }
            guard let argument = unsafe String(validatingCString: bytes) else {
                let shown = unsafe String(cString: bytes)
                throw ToolError(.usage, "argument \(index), '\(shown)', is not UTF-8: names and paths are text")
            }
            arguments.append(argument)
        }
        try checkVerb(arguments)
        return withNegativeNumber(withDefaultStore(arguments))
    }

    /// An unknown verb, which the argument parser would call an argument that it did not expect.
    private static func checkVerb(_ arguments: [String]) throws {
        guard let verb = arguments.first, !verb.hasPrefix("-"), verb != "help", !verbs.contains(verb) else { return }
        let meant = Suggestion.nearest(to: verb, among: verbs).map { ": did you mean '\($0)'?" } ?? ""
        throw ToolError(.usage, "there is no verb '\(verb)'\(meant) (see 'cellar --help')")
    }

    static var verbs: [String] { CellarTool.configuration.subcommands.compactMap { $0.configuration.commandName } }

    /// Those that need no store.
    private static let withoutStore: Set = ["demo", "demo-worker", "gc", "doctor", "bench", "manual"]

    // MARK: The default store

    /// The store that `CELLAR_STORE` names, put in where the command line has none: where none of its words is a store, or is
    /// said to be one by ending in `.cellar`.
    private static func withDefaultStore(_ arguments: [String]) -> [String] {
        guard let verb = arguments.first, verbs.contains(verb), !withoutStore.contains(verb), let path = defaultStore
        else { return arguments }
        let words = arguments.dropFirst().prefix { $0 != "--" }
        if words.contains(where: isStore) { return arguments }
        return [verb, path] + arguments.dropFirst()
    }

    /// The store of command lines that have none.
    static var defaultStore: String? { SystemCall.environment("CELLAR_STORE").flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether a shell asks what it may offer to whoever types.
    static var isCompletion: Bool { CommandLine.arguments.dropFirst().first == "---completion" }

    static func isStore(_ word: String) -> Bool {
        if word.hasPrefix("-") { return false }
        return word.hasSuffix(".cellar") || isFile(word + "/data.mdb")
    }

    private static func isFile(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    // MARK: Negative numbers

    /// A negative number as the value of `set` and `add`, or as the key of a table, is not an option: options that follow it
    /// come before it, and `--` in between.
    private static func withNegativeNumber(_ arguments: [String]) -> [String] {
        guard let verb = arguments.first, ["set", "add", "get", "rm"].contains(verb), !arguments.contains("--"),
            let place = arguments.firstIndex(where: isNegativeNumber)
        else { return arguments }
        let rest = arguments[(place + 1)...]
        return arguments[..<place] + rest.filter { $0.hasPrefix("--") } + ["--", arguments[place]]
            + rest.filter { !$0.hasPrefix("--") }
    }

    private static func isNegativeNumber(_ text: String) -> Bool {
        guard text.hasPrefix("-"), let second = text.utf8.dropFirst().first else { return false }
        return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(second) || second == UInt8(ascii: ".")
            || text == "-inf" || text == "-nan"
    }
}

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
        return withNegativeNumber(arguments)
    }

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

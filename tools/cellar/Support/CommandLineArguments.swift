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

    /// A negative number as the value of `set` and `add` is not an option: what follows it comes before it, and `--` in
    /// between.
    private static func withNegativeNumber(_ arguments: [String]) -> [String] {
        guard let verb = arguments.first, verb == "set" || verb == "add", !arguments.contains("--"),
            let place = arguments.firstIndex(where: isNegativeNumber)
        else { return arguments }
        return arguments[..<place] + arguments[(place + 1)...] + ["--", arguments[place]]
    }

    private static func isNegativeNumber(_ text: String) -> Bool {
        guard text.hasPrefix("-"), let second = text.utf8.dropFirst().first else { return false }
        return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(second) || second == UInt8(ascii: ".")
            || text == "-inf" || text == "-nan"
    }
}

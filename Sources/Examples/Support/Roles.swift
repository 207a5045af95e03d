import Cellar
import Glibc
import Subprocess

/// An example is one program in several roles: started by hand it begins all of it, and starts itself again for the rest.
public struct Roles: Sendable {
    /// What this process is to do; nil for the one that was started by hand.
    public let role: String?
    /// Where the store is.
    public let path: String
    /// What else the role needs to know.
    public let arguments: [String]

    public init() {
        let words = CommandLine.arguments
        let prefix = "--role="
        if words.count > 2, words[1].hasPrefix(prefix) {
            role = String(words[1].dropFirst(prefix.count))
            path = words[2]
            arguments = Array(words.dropFirst(3))
        } else {
            role = nil
            path = "/tmp/cellar-example-\(getpid())"
            arguments = Array(words.dropFirst())
        }
    }

    /// Runs this program in another role, to its end. What it prints appears with what this one prints.
    @discardableResult
    public func start(_ role: String, _ arguments: String...) async throws -> TerminationStatus {
        let result = try await run(
            .path("/proc/self/exe"), arguments: Arguments(["--role=" + role, path] + arguments),
            output: .currentStandardOutput,
            error: .currentStandardError)
        return result.terminationStatus
    }

    /// Prints a line at once, whoever else prints.
    public static func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}

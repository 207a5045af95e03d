import ArgumentParser
import Cellar
import Glibc

/// The process ends as if by this signal, after it has put things away.
struct EndedBySignal: Error {
    var signal: Int32
}

/// Ends the process with one line on standard error and the status that goes with it.
enum Ending {
    static func end(after error: any Error) -> Never {
        // Whoever types is told nothing.
        if CommandLineArguments.isCompletion, CellarTool.exitCode(for: error) != .success {
            exit(ExitStatus.usage.rawValue)
        }
        switch error {
        case let error as EndedBySignal: raiseAgain(error.signal)
        case let error as ToolError: end(error.status, error.message)
        case let error as StoreError:
            let meant = error.code == .noSuchCell ? Suggestion.forNames(arguments) : ""
            end(ExitStatus(error.code), error.message + meant)
        case let code as ExitCode: exit(code.rawValue)
        default: endParsing(error)
        }
    }

    /// As they are understood.
    private static var arguments: [String] { (try? CommandLineArguments.checked()) ?? [] }

    private static func end(_ status: ExitStatus, _ message: String) -> Never {
        Output.complain(message)
        exit(status.rawValue)
    }

    /// What the argument parser throws: help that was asked for, or a command line that it does not accept.
    private static func endParsing(_ error: any Error) -> Never {
        guard CellarTool.exitCode(for: error) == .success else {
            end(.usage, CellarTool.message(for: error) + " (see '\(helpCommand)')")
        }
        let output = Output()
        do {
            let message = CellarTool.fullMessage(for: error)
            if !message.isEmpty { try output.line(message) }
            try output.flush()
        } catch {
            end(after: error)
        }
        exit(ExitStatus.success.rawValue)
    }

    /// How to ask for the help that fits the command line.
    private static var helpCommand: String {
        let verb = CommandLine.arguments.dropFirst().first.flatMap { word in
            CommandLineArguments.verbs.contains(word) ? word + " " : nil
        }
        return "cellar \(verb ?? "")--help"
    }

    /// So that a shell sees what ended the process.
    private static func raiseAgain(_ number: Int32) -> Never {
        signal(number, SIG_DFL)
        SignalSet([number]).unblock()
        raise(number)
        exit(128 + number)
    }
}

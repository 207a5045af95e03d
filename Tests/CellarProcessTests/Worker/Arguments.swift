import Cellar
import Glibc

typealias Command = @Sendable (Arguments) throws -> Void

/// What comes after the command.
struct Arguments {
    private let words: [String]
    init(_ words: [String]) { self.words = words }

    var path: String { words.first ?? "" }

    func text(_ index: Int) -> String { words.indices.contains(index) ? words[index] : "" }
    func rest(from index: Int) -> [String] { Array(words.dropFirst(index)) }
    func number(_ index: Int, or other: Int = 0) -> Int { Int(text(index)) ?? other }

    /// Opens the store, without anybody's checkpoints but those asked for unless told otherwise.
    func open(_ change: (inout Store.Options) -> Void = { _ in }) throws -> Store {
        var options = Store.Options()
        options.processName = "worker-\(getpid())"
        change(&options)
        return try Store.open(path, options)
    }
}

/// A line to the test.
func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    unsafe bytes.withUnsafeBytes { _ = unsafe write(1, $0.baseAddress!, $0.count) }
}

/// Waits for a line from the test; a test that is gone ends the worker.
@discardableResult
func awaitLine() -> String {
    guard let line = readLine() else { _exit(3) }
    return line
}

func code(of error: any Error) -> String { (error as? StoreError)?.code.rawValue ?? "other" }

/// Runs `body` and says what came of it.
func report(_ what: String, _ body: () throws -> Void) {
    do {
        try body()
        say("\(what) ok")
    } catch {
        say("\(what) \(code(of: error)): \(error)")
    }
}

/// For loops that only a signal ends. (A plain `while true` crashes this compiler where variables are captured.)
@inline(never) func goesOn() -> Bool { CommandLine.argc > 0 }

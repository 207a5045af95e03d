import Cellar
import Glibc

/// One loop of one hot operation, for a program that counts instructions: `../instructions` runs it under callgrind.
///
/// `cellar-hot OPERATION COUNT…` runs the operation's loop once for each count, on a store of its own;
/// `cellar-hot --list` says which there are.
@main
struct CellarHot {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        guard let name = arguments.first else { giveUp("usage: cellar-hot OPERATION COUNT… | --list") }
        if name == "--list" {
            for operation in Operation.all { print(operation.name) }
            return
        }
        guard let operation = Operation.all.first(where: { $0.name == name }) else {
            giveUp("there is no operation '\(name)': see cellar-hot --list")
        }
        let counts = arguments.dropFirst().map { text in
            guard let count = Int(text), count > 0 else { giveUp("'\(text)' is no count") }
            return count
        }
        do { try run(operation, counts) } catch { giveUp("\(name): \(error)") }
    }

    private static func run(_ operation: Operation, _ counts: [Int]) throws {
        let path = "/tmp/cellar-hot-\(getpid())"
        defer { try? Store.remove(path) }
        var options = Store.Options()
        // No checkpoint between: what is dirty stays so.
        options.checkpointInterval = .seconds(3600)
        // As much as a program that counts instructions can have.
        options.addressReserve = 1 << 30
        let store = try Store.open(path, options)
        defer { store.close() }
        let loop = try operation.prepare(store)
        for count in counts { try countedLoop(loop, count) }
    }

    private static func giveUp(_ message: String) -> Never {
        let line = Array("cellar-hot: \(message)\n".utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
        exit(2)
    }
}

/// What callgrind collects, by this function's name: only this thread, and only while it is in here.
@inline(never)
func countedLoop(_ loop: (Int) throws -> Void, _ count: Int) throws { try loop(count) }

/// Keeps a result from being optimised away.
@inline(never)
func sink(_ value: Int) { if value == .min { print(value) } }

import Cellar
import Glibc

/// What a thread is at, the innermost call first.
struct ThreadStack {
    var thread: Int32
    var frames: [String]
}

/// Reads the stacks of threads that have locks, each once, by a program that is made for that.
final class StackReader {
    /// Why there is no stack to show.
    struct Problem: Error {
        var text: String
    }
    typealias Outcome = Result<[ThreadStack], Problem>

    private let segment: String
    private var known: [Int32: Outcome] = [:]
    private static let limit: Duration = .seconds(5)

    /// Of processes that have this segment in memory.
    init(segment: String) {
        self.segment = segment
        // Nothing is to be fetched from a network.
        try? SystemCall.setEnvironment("DEBUGINFOD_URLS", "")
    }

    /// Of the thread that has it; where that is not known, of all threads of the process.
    func stacks(of party: LockInfo.Party) -> Outcome {
        let key = party.threadID ?? party.processID
        // The first thread's number is the process's, of which all threads may be wanted.
        let place = party.threadID == nil ? -key : key
        if let outcome = known[place] { return outcome }
        let outcome: Outcome
        do throws(Problem) { outcome = .success(try read(party)) } catch { outcome = .failure(error) }
        known[place] = outcome
        return outcome
    }

    private func read(_ party: LockInfo.Party) throws(Problem) -> [ThreadStack] {
        guard party.isAlive, party.processID > 0 else { throw Problem(text: "gone") }
        try checkIsThere(party.processID)
        for program in StackProgram.allCases {
            guard let text = try Self.output(of: program.command(party.processID, party.threadID)) else { continue }
            let stacks = program.stacks(in: text).filter { party.threadID ?? $0.thread == $0.thread }
            if !stacks.isEmpty { return stacks }
            throw Problem(text: text.contains("not permitted") ? "not allowed" : "\(program.rawValue) cannot read it")
        }
        throw Problem(text: "neither eu-stack nor gdb is installed")
    }

    /// Numbers of processes in another pid namespace are other processes' here.
    private func checkIsThere(_ process: Int32) throws(Problem) {
        let memory: String
        do { memory = try InputStream("/proc/\(process)/maps").text() } catch {
            let isForbidden = (error as? ToolError)?.status == .noPermission
            throw Problem(text: isForbidden ? "not allowed" : "not to be seen from here")
        }
        guard memory.contains(segment) else { throw Problem(text: "not to be seen from here") }
    }

    /// Nil if there is no such program.
    private static func output(of command: [String]) throws(Problem) -> String? {
        do {
            if let text = try ChildProcess.output(of: command, within: limit) { return text }
        } catch {
            if (error as? ToolError)?.status == .commandNotFound { return nil }
            throw Problem(text: "\(command[0]) cannot be run")
        }
        throw Problem(text: "\(command[0]) took too long")
    }
}

/// Programs that print the stacks of another process.
private enum StackProgram: String, CaseIterable {
    case elfutils = "eu-stack"
    case gdb

    func command(_ process: Int32, _ thread: Int32?) -> [String] {
        switch self {
        case .elfutils: ["eu-stack"] + (thread == nil ? [] : ["-1"]) + ["-p", "\(thread ?? process)"]
        case .gdb:
            // Without files of whoever runs there.
            ["gdb", "--batch", "-nx", "-iex", "set auto-load off"]
                + ["-iex", "set print frame-arguments none", "-p", "\(process)", "-ex", "thread apply all backtrace"]
        }
    }

    /// Headings with a thread's number and lines of frames, `#0 …`, among others.
    func stacks(in text: String) -> [ThreadStack] {
        var stacks: [ThreadStack] = []
        for line in text.split(separator: "\n") {
            if let thread = thread(line) {
                stacks.append(ThreadStack(thread: thread, frames: []))
            } else if line.hasPrefix("#"), !stacks.isEmpty {
                stacks[stacks.count - 1].frames.append(frame(line))
            }
        }
        return stacks.filter { !$0.frames.isEmpty }
    }

    /// `TID 7:`; `Thread 2 (Thread 0x7f (LWP 7) "name"):`, `Thread 1 (process 7):`.
    private func thread(_ line: Substring) -> Int32? {
        guard line.hasPrefix(self == .gdb ? "Thread " : "TID ") else { return nil }
        let words = line.split { " ():".contains($0) }
        guard let mark = words.firstIndex(where: { ["TID", "LWP", "process"].contains($0) }) else { return nil }
        return words.dropFirst(mark + 1).first.flatMap { Int32($0) }
    }

    /// `#0  0x7f name`; `#0  0x7f in name (...) at file:line`, `#0  name (...)`.
    private func frame(_ line: Substring) -> String {
        var words = line.split(separator: " ").dropFirst()
        if let address = words.first, address.hasPrefix("0x"), words.count > 1 {
            words = words.dropFirst()
            if words.first == "in" { words = words.dropFirst() }
        }
        guard self == .gdb else { return SwiftSymbol.readable(words.joined(separator: " ")) }
        let place = words.firstIndex(of: "at").map { " " + words[$0...].joined(separator: " ") } ?? ""
        return SwiftSymbol.readable(String(words.first ?? "")) + place
    }
}

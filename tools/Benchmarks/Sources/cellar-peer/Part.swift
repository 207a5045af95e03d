import BenchmarkSupport
import Cellar
import Glibc

/// Other processes that take part in a work.
final class Parts {
    private let parts: [LineProcess]
    /// How long a part may take for its turn.
    private static let patience = 60.0

    /// Starts `count` of them, which open the store at the place, and waits until they have.
    init(_ name: String, count: Int, at place: Place) throws {
        parts = try (1...max(count, 1)).map { index in
            var parameters = place.parameters
            parameters["index"] = "\(index)"
            parameters["path"] = place.path
            let words = parameters.line.split(separator: " ").map { String($0) }
            return try LineProcess("/proc/self/exe", ["--part", name] + words)
        }
        for part in parts where try part.line(seconds: Self.patience) != "ready" {
            throw LineProcess.Failure.ended(name)
        }
    }

    var count: Int { parts.count }
    var first: LineProcess { parts[0] }

    /// Has all of them do `share` operations each while `mine` runs here; nanoseconds until all are done, and what the
    /// parts say.
    func run(share: Int, _ mine: () throws -> Void) throws -> (nanoseconds: Double, answers: [Double]) {
        let start = now()
        for part in parts { part.send("go \(share)") }
        try mine()
        let answers = try parts.map { try Self.number($0.line(seconds: Self.patience)) }
        return (now() - start, answers)
    }

    private static func number(_ answer: String) throws -> Double {
        guard let number = Double(answer) else { throw Skip(answer) }
        return number
    }

    func end() { for part in parts { part.end() } }
}

/// What such a process does.
enum Part {
    static func serve(_ name: String, _ parameters: Parameters) {
        do {
            guard let part = allParts[name] else { throw Skip("no such part: \(name)") }
            let cpus = parameters.processors
            if !cpus.isEmpty { try pin(cpus[parameters.number("index", default: 1) % cpus.count]) }
            let place = Place(path: parameters["path"] ?? "", parameters: parameters)
            let store = try place.open()
            defer { store.close() }
            let go = try part(store, place)
            print("ready")
            fflush(nil)
            answerLines { line in
                do { return "\(try go(Int(line.split(separator: " ").last ?? "") ?? 0))" } catch {
                    return message(error)
                }
            }
        } catch {
            print(message(error))
        }
    }
}

import BenchmarkSupport
import CProcessor
import Glibc

/// A piece of work that is ready to be measured.
struct Work {
    /// Does so many operations, and says how many nanoseconds they took; or, where `isOwnFigure`, the figure itself.
    let run: (_ count: Int) throws -> Double
    var isOwnFigure = false
    /// Removes what was made for it.
    var finish: () -> Void = {}
}

/// What a work says that cannot be done here.
struct Skip: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

func message(_ error: any Error) -> String { (error as? Skip)?.reason ?? "\(error)" }

/// Prepares, runs and finishes one work at a time.
struct Harness {
    private let directory: String
    private var work: Work?
    private var count = 0
    private var milliseconds = 100.0
    private var number = 0

    init(directory: String) { self.directory = directory }

    mutating func answer(_ line: String) -> String {
        do {
            let words = line.split(separator: " ")
            switch words.first {
            case "prepare" where words.count > 1:
                try prepare(String(words[1]), Parameters(words.dropFirst(2)))
                return "ok"
            case "run": return "ok \(try run())"
            case "finish":
                finish()
                return "ok"
            default: return "error unknown command '\(line)'"
            }
        } catch let skip as Skip {
            return "skip \(skip.reason)"
        } catch {
            return "error \(error)"
        }
    }

    private mutating func prepare(_ name: String, _ parameters: Parameters) throws {
        guard let work = allWorks[name] else { throw Skip("no such work: \(name)") }
        finish()
        number += 1
        milliseconds = Double(parameters.number("ms", default: 100))
        let place = Place(path: "\(directory)/cellar-compare-\(getpid())-\(number).cellar", parameters: parameters)
        if let first = parameters.processors.first { try pin(first) }
        do {
            self.work = try work(place)
        } catch {
            place.remove()
            _ = processor_release()
            throw error
        }
    }

    private mutating func run() throws -> Double {
        guard let work else { throw Skip("nothing is prepared") }
        if work.isOwnFigure { return try work.run(0) }
        if count == 0 { count = try calibrated(work) }
        return try work.run(count) / Double(count)
    }

    /// As many operations as take long enough to be measured.
    private func calibrated(_ work: Work) throws -> Int {
        var count = 1
        while true {
            let taken = try work.run(count)
            if taken >= milliseconds * 1e6 { return count }
            // Near the end in one step, but never by more than tenfold: the first runs are slow.
            let factor = min(max(milliseconds * 1.1e6 / max(taken, 1), 2), 10)
            count = Int(Double(count) * factor)
        }
    }

    mutating func finish() {
        work?.finish()
        if work != nil { _ = processor_release() }
        work = nil
        count = 0
    }
}

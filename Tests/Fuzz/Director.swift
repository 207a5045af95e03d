import CellarTestSupport
import Glibc

/// Starts processes that try cases, and another one behind each case that ended its process.
struct Director {
    let seed: UInt64
    let patience: Int
    let sabotage: Sabotage?

    private var tried: [String: Int] = [:]
    private var limits = 0
    private(set) var failed = 0

    init(seed: UInt64, patience: Int, sabotage: Sabotage?) {
        self.seed = seed
        self.patience = patience
        self.sabotage = sabotage
    }

    mutating func run(seconds: Int) {
        let directory = "/dev/shm/cellar-fuzz-\(getpid())"
        defer { Files.removeTree(directory) }
        // A backtrace takes longer than a hundred cases; doing the one again shows it.
        unsafe setenv("SWIFT_BACKTRACE", "enable=no", 0)
        let end = time(nil) + seconds
        var next: UInt64 = 0
        while time(nil) < end, sabotage == nil || next <= Sabotage.number { next = batch(from: next, until: end) }
    }

    /// Lets a process try cases until it ends. Returns the case to go on with.
    private mutating func batch(from first: UInt64, until end: time_t) -> UInt64 {
        let command = [program, "work", "\(seed)", "\(first)", "500"] + (sabotage.map { [$0.rawValue] } ?? [])
        guard let worker = try? Worker(command: command) else { return first }
        var segments: Set<String> = []
        defer { for segment in segments { unsafe unlink(segment) } }
        var last = (number: first, kind: "start", story: "")
        do {
            while time(nil) < end {
                let line = try worker.line(seconds: patience)
                if line == "done" { return last.number + 1 }
                let words = line.split(separator: " ", maxSplits: 2).map(String.init)
                if words.first == "segment" { segments.insert(words[1]) }
                guard words.count >= 2, let number = UInt64(words[0]) else { continue }
                last = (number, words[1], words.count > 2 ? words[2] : "")
                tried[last.kind, default: 0] += 1
            }
            worker.kill()
            return last.number + 1
        } catch Worker.Failure.silent {
            note("hangs", last, isLimit: last.kind == "lmdb-page")
            worker.kill()
        } catch {
            let end = worker.kill()
            // Counters and roots in the header are LMDB's to believe, as its pages are: where it finds them wrong too late, it
            // aborts. However else a process ends on those, it is not LMDB's doing.
            let isLimit = last.kind == "lmdb-page" || last.kind == "lmdb-header" && end == .signal(SIGABRT)
            note("ended with \(end)", last, isLimit: isLimit)
        }
        return last.number + 1
    }

    private mutating func note(
        _ what: String, _ last: (number: UInt64, kind: String, story: String), isLimit: Bool
    ) {
        if isLimit, sabotage == nil {
            limits += 1
        } else {
            failed += 1
            print("\(what): tools/fuzz --seed \(seed) --case \(last.number)\n    \(last.kind): \(last.story)")
        }
    }

    private var program: String { Worker.buildDirectory + "/cellar-fuzz" }

    var summary: String {
        let segment = tried["segment", default: 0]
        let database = tried.filter { $0.key.hasPrefix("lmdb") }.values.reduce(0, +)
        return "mutated inputs tried: segment=\(segment) lmdb=\(database) failed=\(failed) lmdb-limit=\(limits)"
    }
}

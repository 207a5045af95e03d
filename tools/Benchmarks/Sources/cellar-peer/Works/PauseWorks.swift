import BenchmarkSupport
import Cellar
import Glibc
import Synchronization

/// How long others wait while a dictionary grows: the longest of their calls; `pause-nothing` is what the machine makes a thread
/// wait that does nothing.
var pauseWorks: [String: (Place) throws -> Work] {
    [
        "pause-get": { try longestCall($0, .get) },
        "pause-set": { try longestCall($0, .set) },
        "pause-nothing": { try longestCall($0, .nothing) },
    ]
}

private enum Call { case get, set, nothing }

private func longestCall(_ place: Place, _ call: Call) throws -> Work {
    Work(
        run: { _ in
            let store = try place.open(quiet: true)
            defer {
                store.close()
                place.remove()
            }
            let dictionary = try store.dictionary(
                "blocks", keys: Key16.self, values: Block64.self, persistence: .volatile)
            for index in 0..<1000 { try dictionary.set(Block64(a: index), for: Key16(high: index)) }
            let caller = Caller(dictionary, call)
            let thread = Thread { caller.run() }
            defer {
                caller.isDone.store(true, ordering: .releasing)
                thread.join()
            }
            for index in 1000..<place.entries { try dictionary.set(Block64(a: index), for: Key16(high: index)) }
            caller.isDone.store(true, ordering: .releasing)
            return caller.longest.load(ordering: .acquiring)
        }, isOwnFigure: true)
}

/// Calls without pause.
private final class Caller: Sendable {
    let isDone = Atomic(false)
    let longest = Atomic(0.0)
    private let dictionary: BlockDictionary
    private let call: Call

    init(_ dictionary: BlockDictionary, _ call: Call) { (self.dictionary, self.call) = (dictionary, call) }

    func run() {
        var key = 0
        while !isDone.load(ordering: .acquiring) {
            key = (key + 389) % 1000
            let start = now()
            do {
                switch call {
                case .get: _ = try dictionary.value(for: Key16(high: key))
                case .set: try dictionary.set(Block64(a: key), for: Key16(high: key))
                case .nothing: break
                }
            } catch { fatalError("\(error)") }
            let taken = now() - start
            if taken > longest.load(ordering: .relaxed) { longest.store(taken, ordering: .releasing) }
        }
    }
}

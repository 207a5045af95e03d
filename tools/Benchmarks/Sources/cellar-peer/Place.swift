import BenchmarkSupport
import CProcessor
import Cellar
import Glibc

/// Where a work has its store, and what it was told.
struct Place {
    let path: String
    let parameters: Parameters

    /// Opens the store. Checkpoints come while works run, as they do for everyone, unless `quiet`.
    func open(quiet: Bool = false) throws -> Store {
        var options = Store.Options()
        if quiet { options.checkpointInterval = .seconds(3600) }
        options.prefersLargePages = parameters["pages"] == "large"
        return try Store.open(path, options)
    }

    func remove() { try? Store.remove(path) }

    /// A work on one store that is closed and removed in the end.
    func work(_ store: Store, isOwnFigure: Bool = false, run: @escaping (Int) throws -> Double) -> Work {
        Work(run: run, isOwnFigure: isOwnFigure) {
            store.close()
            remove()
        }
    }

    func number(_ key: String, default fallback: Int) -> Int { parameters.number(key, default: fallback) }
    /// In the dictionary's and the table's works.
    var entries: Int { number("entries", default: 100_000) }
    var bytes: Int { number("bytes", default: 64) }
    var persistence: Persistence { parameters["persistent"] == nil ? .volatile : .persistent }
}

/// Binds this process to a processor.
func pin(_ processor: Int) throws {
    guard processor_bind(Int32(processor)) == 0 else { throw Skip("there is no processor \(processor)") }
}

/// Keeps a result from being optimised away.
@inline(never)
func sink(_ value: Int) { if value == .min { print(value) } }

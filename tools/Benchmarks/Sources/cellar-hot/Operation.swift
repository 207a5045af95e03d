import Cellar

/// A hot operation: what it needs in a store, and its loop.
struct Operation: Sendable {
    let name: String
    /// Returns a loop that does the operation so many times.
    let prepare: @Sendable (Store) throws -> (Int) throws -> Void

    init(_ name: String, _ prepare: @escaping @Sendable (Store) throws -> (Int) throws -> Void) {
        self.name = name
        self.prepare = prepare
    }

    static var all: [Operation] { values + arrays + collections + queues + locks + transactions }
}

/// Sixty-four bytes.
struct Block64: BitwiseCopyable, Sendable { var a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0 }

/// Sixteen bytes, as the key of an entry.
struct Key16: BitwiseCopyable, Sendable { var high = 0, low = 0 }

/// Sixteen bytes of text: a number of at most eight digits.
func keyText(_ index: Int) -> String {
    let digits = String(index)
    return "counter-" + String(repeating: "0", count: 8 - digits.count) + digits
}

import Cellar

/// A public operation: what it needs in a store, and a loop that does it.
struct Operation: Sendable {
    typealias Loop = (Int) throws -> Void

    let name: String
    /// Whether a thousand are measured at a time, since one is too short for a clock.
    let isBrief: Bool
    /// Whether it is also measured while others do the same.
    let isShared: Bool
    let prepare: @Sendable (Store) throws -> Loop

    init(
        _ name: String, isBrief: Bool = true, isShared: Bool = true,
        _ prepare: @escaping @Sendable (Store) throws -> Loop
    ) {
        self.name = name
        self.isBrief = isBrief
        self.isShared = isShared
        self.prepare = prepare
    }

    static var all: [Operation] {
        values + largerValues + arrays + names + dictionaries + tables + multimaps + queues + pipes + lists + logs
            + blocks
            + locks + signals + transactions + stores
    }

    /// As by default: checkpoints come as they do.
    var options: StoreOptions { StoreOptions() }
}

/// A loop of what gives nothing.
@inline(__always)
func each(_ body: @escaping (Int) throws -> Void) -> Operation.Loop {
    { count in for index in 0..<count { try body(index) } }
}

/// A loop of what gives a number, which is used.
@inline(__always)
func sum(_ body: @escaping (Int) throws -> Int) -> Operation.Loop {
    { count in
        var sum = 0
        for index in 0..<count { sum &+= try body(index) }
        sink(sum)
    }
}

/// Keeps a result from being optimised away.
@inline(never)
func sink(_ value: Int) { if value == .min { print(value) } }

/// Sixty-four bytes.
struct Block64: BitwiseCopyable, Sendable { var a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0 }

/// Sixteen bytes of text: a number of at most eight digits.
func keyText(_ index: Int) -> String {
    let digits = String(index)
    return "counter-" + String(repeating: "0", count: 8 - digits.count) + digits
}

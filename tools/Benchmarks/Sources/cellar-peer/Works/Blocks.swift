/// Values of the sizes that are measured.
struct Block64: BitwiseCopyable, Sendable { var a = 0, b = 1, c = 1, d = 1, e = 1, f = 1, g = 1, h = 1 }
struct Block1K: BitwiseCopyable, Sendable { var words = InlineArray<128, Int>(repeating: 1) }
struct Block64K: BitwiseCopyable, Sendable { var words = InlineArray<8192, Int>(repeating: 1) }

/// A block with a number in it.
protocol Numbered: BitwiseCopyable, Sendable {
    init()
    var number: Int { get set }
    var last: Int { get }
}

extension Block64: Numbered {
    var number: Int {
        get { a }
        set { a = newValue }
    }
    var last: Int { h }
}

extension Block1K: Numbered {
    var number: Int {
        get { words[0] }
        set { words[0] = newValue }
    }
    var last: Int { words[127] }
}

extension Block64K: Numbered {
    var number: Int {
        get { words[0] }
        set { words[0] = newValue }
    }
    var last: Int { words[8191] }
}

extension Int: Numbered {
    var number: Int {
        get { self }
        set { self = newValue }
    }
    var last: Int { self }
}

/// The type of blocks of so many bytes.
func block(_ bytes: Int) throws -> any Numbered.Type {
    switch bytes {
    case 8: Int.self
    case 64: Block64.self
    case 1024: Block1K.self
    case 65536: Block64K.self
    default: throw Skip("no block of \(bytes) bytes")
    }
}

/// UTF-8 text of at most `capacity` bytes, kept in place: a string that can be part of a shared value.
///
/// Unused bytes are zero, so equal strings have equal bytes. Bytes that came from shared memory are not trusted: a
/// count that is too large is clamped, and what is not UTF-8 is repaired when it is turned into a `String`.
public struct InlineString<let capacity: Int>: BitwiseCopyable, Sendable {
    private var storedCount: UInt16
    private var bytes: InlineArray<capacity, UInt8>

    /// The empty string.
    public init() {
        precondition(capacity > 0 && capacity <= 65535, "an InlineString's capacity is 1 to 65535 bytes")
        storedCount = 0
        bytes = InlineArray(repeating: 0)
    }

    /// The text, or `.invalidValue` if it needs more than `capacity` bytes of UTF-8.
    public init(_ text: some StringProtocol) throws(StoreError) {
        let count = text.utf8.count
        guard count <= capacity else {
            throw StoreError(
                .invalidValue,
                "'\(text)' has \(count) bytes of UTF-8, and an InlineString<\(capacity)> holds \(capacity)")
        }
        self.init(truncating: text)
    }

    /// As much of the text as fits, cut between characters.
    public init(truncating text: some StringProtocol) {
        self.init()
        var count = 0
        for character in text {
            let piece = Array(character.utf8)
            guard count + piece.count <= capacity else { break }
            for byte in piece {
                bytes[count] = byte
                count += 1
            }
        }
        storedCount = UInt16(count)
    }

    /// Bytes of UTF-8.
    public var utf8Count: Int { min(Int(storedCount), capacity) }
    /// Whether there is no text. O(1).
    public var isEmpty: Bool { storedCount == 0 }

    /// The text as a `String`. O(`utf8Count`).
    public var string: String {
        String(decoding: (0..<utf8Count).map { bytes[$0] }, as: UTF8.self)
    }
}

extension InlineString: Hashable, Comparable {
    public static func == (left: Self, right: Self) -> Bool {
        left.utf8Count == right.utf8Count && (0..<left.utf8Count).allSatisfy { left.bytes[$0] == right.bytes[$0] }
    }

    /// By bytes of UTF-8, which is by Unicode scalars.
    public static func < (left: Self, right: Self) -> Bool {
        (0..<left.utf8Count).lazy.map { left.bytes[$0] }
            .lexicographicallyPrecedes((0..<right.utf8Count).lazy.map { right.bytes[$0] })
    }

    public func hash(into hasher: inout Hasher) {
        for index in 0..<utf8Count { hasher.combine(bytes[index]) }
        hasher.combine(utf8Count)
    }
}

extension InlineString: ExpressibleByStringLiteral {
    /// A literal that does not fit is a programming error.
    public init(stringLiteral text: String) {
        precondition(text.utf8.count <= capacity, "the literal does not fit in an InlineString<\(capacity)>")
        self.init(truncating: text)
    }
}

extension InlineString: CustomStringConvertible {
    public var description: String { string }
}

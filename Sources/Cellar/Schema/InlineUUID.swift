/// A UUID that can be part of a shared value: 16 bytes, kept in place. `CellarFoundation` turns it into Foundation's and back.
public struct InlineUUID: BitwiseCopyable, Sendable {
    /// The sixteen bytes in network order.
    public var bytes: InlineArray<16, UInt8>

    /// One of these bytes.
    public init(bytes: InlineArray<16, UInt8> = InlineArray(repeating: 0)) { self.bytes = bytes }

    /// Nil unless the text has 32 hexadecimal digits and four dashes, in the usual places.
    public init?(_ text: String) {
        guard let parsed = Self.bytes(parsing: text) else { return nil }
        self.init(bytes: InlineArray { parsed[$0] })
    }

    /// Where dashes stand between the bytes.
    private static let ends = [4, 6, 8, 10]

    static func text(of bytes: some Collection<UInt8>) -> String {
        var text = ""
        for (place, byte) in bytes.enumerated() {
            if ends.contains(place) { text += "-" }
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return text
    }

    static func bytes(parsing text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Substring(text)
        for place in 0..<16 {
            if ends.contains(place) {
                guard rest.first == "-" else { return nil }
                rest = rest.dropFirst()
            }
            guard rest.utf8.prefix(2).allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                rest.prefix(2).count == 2, let byte = UInt8(rest.prefix(2), radix: 16)
            else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return rest.isEmpty ? bytes : nil
    }
}

extension InlineUUID: Hashable, Comparable {
    public static func == (left: Self, right: Self) -> Bool {
        (0..<16).allSatisfy { left.bytes[$0] == right.bytes[$0] }
    }

    /// By bytes, which is as their texts sort.
    public static func < (left: Self, right: Self) -> Bool {
        (0..<16).lazy.map { left.bytes[$0] }.lexicographicallyPrecedes((0..<16).lazy.map { right.bytes[$0] })
    }

    public func hash(into hasher: inout Hasher) { for place in 0..<16 { hasher.combine(bytes[place]) } }
}

extension InlineUUID: CustomStringConvertible {
    /// In small letters.
    public var description: String { Self.text(of: (0..<16).map { bytes[$0] }) }
}

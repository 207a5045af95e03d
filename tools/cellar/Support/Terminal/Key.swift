/// What a person pressed.
enum Key: Equatable {
    case character(Character)
    case enter, tab, backTab, backspace, escape
    case up, down, left, right, pageUp, pageDown, home, end
}

/// Makes keys of the bytes that a terminal sends.
struct KeyParser {
    private var pending: [UInt8] = []

    /// What a terminal sends after ESC `[` or ESC `O`.
    private static let sequences: [String: Key] = [
        "A": .up, "B": .down, "C": .right, "D": .left, "H": .home, "F": .end, "Z": .backTab,
        "1~": .home, "7~": .home, "4~": .end, "8~": .end, "5~": .pageUp, "6~": .pageDown,
    ]

    /// The keys in all bytes so far. What may be the beginning of one waits for the next call; without bytes, nothing more comes
    /// of it.
    mutating func keys(_ bytes: [UInt8]) -> [Key] {
        pending += bytes
        var keys: [Key] = []
        while let (key, length) = first(isLast: bytes.isEmpty) {
            pending.removeFirst(length)
            if let key { keys.append(key) }
        }
        return keys
    }

    /// The first key, or nil for bytes that are none, and how many bytes it is; nil if there is none, or not all of it.
    private func first(isLast: Bool) -> (Key?, Int)? {
        guard let first = pending.first else { return nil }
        if first == 0x1B { return escape(isLast: isLast) }
        let length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        if pending.count < length { return isLast ? (nil, pending.count) : nil }
        switch first {
        case 0x09: return (.tab, 1)
        case 0x0A, 0x0D: return (.enter, 1)
        case 0x08, 0x7F: return (.backspace, 1)
        case 0..<0x20: return (nil, 1)
        default:
            let text = String(validating: pending[..<length], as: UTF8.self)
            return (text.flatMap { $0.count == 1 ? .character(Character($0)) : nil }, text == nil ? 1 : length)
        }
    }

    private func escape(isLast: Bool) -> (Key?, Int)? {
        guard pending.count > 1 else { return isLast ? (.escape, 1) : nil }
        guard pending[1] == UInt8(ascii: "[") || pending[1] == UInt8(ascii: "O") else { return (.escape, 1) }
        guard let end = pending.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else {
            return isLast ? (nil, pending.count) : nil
        }
        return (Self.sequences[String(decoding: pending[2...end], as: UTF8.self)], end + 1)
    }
}

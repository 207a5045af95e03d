import Cellar

/// One of the numbers that the demo finds.
enum DemoTotal: Hashable {
    case letter(UInt8)
    case words, lines, bytes

    static let all = (UInt8(ascii: "a")...UInt8(ascii: "z")).map { DemoTotal.letter($0) } + [.words, .lines, .bytes]

    var name: String {
        switch self {
        case .letter(let letter): String(decoding: [letter], as: UTF8.self)
        case .words: "words"
        case .lines: "lines"
        case .bytes: "bytes"
        }
    }

    /// What the store has.
    static func stored(in store: Store) throws -> [DemoTotal: Int] {
        let letters = try store.array("letters", of: Int.self)
        var totals: [DemoTotal: Int] = [:]
        for index in letters.indices { totals[.letter(UInt8(ascii: "a") + UInt8(index))] = letters[index] }
        totals[.words] = try store.value("words", of: Int.self).load()
        totals[.lines] = try store.value("lines", of: Int.self).load()
        totals[.bytes] = try store.value("bytes", of: Int.self).load()
        return totals
    }
}

/// Text and numbers made ready for people.
enum Printable {
    /// On one line and without characters that command a terminal: names in a store are not trusted.
    static func line(_ text: String) -> String {
        if isPlain(text) { return text }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar == "\n" {
                result += " "
            } else if isControl(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Whether all of it are the printable characters of ASCII, as of most names.
    private static func isPlain(_ text: String) -> Bool {
        let bytes = unsafe text.utf8.span.bytes
        var offset = 0
        // Eight at a time: a byte below 0x20 borrows its top bit, 0x7F carries into it, and others have it.
        while offset + 8 <= bytes.byteCount {
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let marks = (word &- 0x2020_2020_2020_2020) | (word &+ 0x0101_0101_0101_0101) | word
            if marks & 0x8080_8080_8080_8080 != 0 { return false }
            offset += 8
        }
        while offset < bytes.byteCount {
            let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            if byte < 0x20 || byte >= 0x7F { return false }
            offset += 1
        }
        return true
    }

    /// How many columns it takes on a terminal, about.
    static func width(_ text: String) -> Int { isPlain(text) ? text.utf8.count : text.count }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// `1234567` as `1,234,567`.
    static func grouped(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var result = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result
    }

    /// `1 cell`, `2 cells`.
    static func counted(_ number: Int, _ noun: String) -> String {
        "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(width - Self.width(text), 0))
    }

    static func rightAligned(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(width - Self.width(text), 0)) + text
    }
}

/// Lines of columns, each as wide as its widest entry.
struct Columns {
    private var rows: [[String]]

    init(_ titles: [String]) { rows = [titles] }

    mutating func add(_ row: [String]) { rows.append(row) }

    func write(to output: Output) throws {
        let last = rows[0].count - 1
        let widths = (0..<last).map { column in rows.map { Printable.width($0[column]) }.max() ?? 0 }
        for row in rows {
            let padded = zip(row, widths).map { Printable.padded($0, to: $1) }
            var line = (padded + [row[last]]).joined(separator: "  ")
            while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
            try output.line(line)
        }
    }
}

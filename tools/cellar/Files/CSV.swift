/// Records of CSV (RFC 4180, with the ends of lines of Unix): fields with commas between, in quotes where they need some.
enum CSV {
    static func line(_ fields: [String]) -> String { fields.map(quoted).joined(separator: ",") + "\n" }

    private static func quoted(_ field: String) -> String {
        // An empty line would be no record.
        let needsQuotes = field.isEmpty || field.utf8.contains { [0x0A, 0x0D, 0x22, 0x2C].contains($0) }
        guard needsQuotes else { return field }
        return "\"" + field.replacing("\"", with: "\"\"") + "\""
    }
}

/// Reads records one after the other, in no more memory than the longest takes.
struct CSVReader {
    private var lines: LineReader

    init(_ input: InputStream) { lines = LineReader(input) }

    /// The line that the last record ended on, from 1 on.
    var lineNumber: Int { lines.number }

    /// The next record; nil when there are no more. Empty lines are none.
    mutating func next() throws -> [String]? {
        while let line = try lines.next() {
            if line.isEmpty || line == [0x0D] { continue }
            var record = CSVRecord()
            var isWhole = try record.add(line)
            while !isWhole {
                guard let more = try lines.next() else { throw ToolError(.badData, "a quote is not closed") }
                isWhole = try record.add(more)
            }
            return try record.fields.map { bytes in
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw ToolError(.badData, "it is not UTF-8")
                }
                return text
            }
        }
        return nil
    }
}

/// One record, of one line or, where a field in quotes goes over several, of more.
private struct CSVRecord {
    private(set) var fields: [[UInt8]] = []
    private var isQuoted = false

    /// Whether the record is whole with this line.
    mutating func add(_ line: [UInt8]) throws -> Bool {
        var position = 0
        if isQuoted {
            fields[fields.count - 1].append(0x0A)
        } else {
            fields.append([])
        }
        while true {
            if isQuoted {
                guard try takeQuoted(line, &position) else { return false }
            } else if fields[fields.count - 1].isEmpty, position < line.count, line[position] == UInt8(ascii: "\"") {
                position += 1
                isQuoted = true
                continue
            } else {
                takePlain(line, &position)
            }
            // A line may end as Windows has it.
            if position == line.count || position == line.count - 1 && line[position] == 0x0D { return true }
            guard line[position] == UInt8(ascii: ",") else {
                throw ToolError(.badData, "something follows a field in quotes")
            }
            position += 1
            fields.append([])
        }
    }

    private mutating func takePlain(_ line: [UInt8], _ position: inout Int) {
        let end = line[position...].firstIndex(of: UInt8(ascii: ",")) ?? line.count
        var field = line[position..<end]
        if end == line.count, field.last == 0x0D { field.removeLast() }
        fields[fields.count - 1] += field
        position += field.count
    }

    /// False if the field goes on in the next line.
    private mutating func takeQuoted(_ line: [UInt8], _ position: inout Int) throws -> Bool {
        while position < line.count {
            if line[position] != UInt8(ascii: "\"") {
                fields[fields.count - 1].append(line[position])
                position += 1
            } else if position + 1 < line.count, line[position + 1] == UInt8(ascii: "\"") {
                fields[fields.count - 1].append(UInt8(ascii: "\""))
                position += 2
            } else {
                position += 1
                isQuoted = false
                return true
            }
        }
        return false
    }
}

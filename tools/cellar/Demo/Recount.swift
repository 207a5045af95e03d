import Glibc

/// The same totals, found without a store and in another way: one process, each file from its beginning, with the C
/// library's idea of spaces and letters.
enum Recount {
    static func totals(of input: DemoInput) throws -> [DemoTotal: Int] {
        var totals: [DemoTotal: Int] = [:]
        for file in input.files { try add(file.path, to: &totals) }
        return totals
    }

    private static func add(_ path: String, to totals: inout [DemoTotal: Int]) throws {
        let file = try InputFile(path)
        var frequencies = [Int](repeating: 0, count: 256)
        var offset = 0
        var previous: UInt8 = 0x20
        while case let text = try file.read(1 << 20, at: offset), !text.isEmpty {
            try TerminatingSignals.check()
            for byte in text {
                frequencies[Int(byte)] += 1
                if isspace(Int32(byte)) == 0, isspace(Int32(previous)) != 0 { totals[.words, default: 0] += 1 }
                previous = byte
            }
            offset += text.count
        }
        for byte in 0..<128 where isalpha(Int32(byte)) != 0 {
            totals[.letter(UInt8(tolower(Int32(byte)))), default: 0] += frequencies[byte]
        }
        totals[.lines, default: 0] += frequencies[10]
        totals[.bytes, default: 0] += offset
    }
}

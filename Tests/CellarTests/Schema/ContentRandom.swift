@testable import Cellar

/// Random numbers that come again from their seed (SplitMix64). A failing test prints the seed.
struct ContentRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

    // MARK: Types

    mutating func schema(depth: Int = 0) -> Schema {
        let scalars = Schema.Scalar.allCases
        switch below(depth < 3 ? 9 : 6) {
        case 0, 1: return Schema(.scalar(scalars[below(scalars.count)]))
        case 2: return Schema(.string(capacity: 1 + below(20)))
        case 3: return enumeration()
        case 4:
            let numbers = scalars.filter { $0 != .bool && $0.size <= 8 }
            return Schema(.simd(numbers[below(numbers.count)], lanes: [2, 3, 4, 8][below(4)]))
        case 5: return Schema(.uuid)
        case 6: return Schema(.array(schema(depth: depth + 1), count: 1 + below(4)))
        default: return structure(depth: depth)
        }
    }

    private mutating func enumeration() -> Schema {
        let size = [1, 2, 4, 8][below(4)]
        let cases = (0..<1 + below(5)).map { index in
            Schema.Case(name: "case\(index)", bits: UInt64(index * 3), rawValue: below(2) == 0 ? "" : "\(index + 100)")
        }
        return Schema(.enumeration(size: size, cases: cases))
    }

    private mutating func structure(depth: Int) -> Schema {
        var fields: [Schema.Field] = []
        var end = 0
        for index in 0..<1 + below(5) {
            let schema = schema(depth: depth + 1)
            let offset = Rounding.up(end, to: schema.alignment)
            let name = ["f\(index)", ".\(index)", "odd \"name\" \(index)", "größe\(index)"][below(4)]
            fields.append(Schema.Field(name: name, offset: offset, schema: schema))
            end = offset + schema.size
        }
        return Schema(.structure(fields))
    }

    // MARK: Values

    /// The bytes of some value, padding zero. No NaN but the one that `nan` reads as.
    mutating func value(of schema: Schema) -> [UInt8] {
        switch schema.shape {
        case .scalar(let scalar): return number(scalar)
        case .simd(let scalar, let lanes):
            let bytes = (0..<lanes).flatMap { _ in number(scalar) }
            return bytes + [UInt8](repeating: 0, count: schema.size - bytes.count)
        case .string(let capacity):
            var text = ""
            while true {
                let more = text + ["a", "ß", "€", "🙂", "\"", "\\", "\n", "\u{1B}", "\u{85}", " ", ","][below(11)]
                if more.utf8.count > capacity || below(8) == 0 { break }
                text = more
            }
            let count = text.utf8.count
            return [UInt8(count), 0] + Array(text.utf8) + [UInt8](repeating: 0, count: capacity - count)
        case .uuid: return (0..<16).map { _ in UInt8(below(256)) }
        case .enumeration(let size, let cases):
            let bits = cases[below(cases.count)].bits
            return (0..<size).map { UInt8(truncatingIfNeeded: bits >> UInt64($0 * 8)) }
        case .array(let element, let count):
            let padding = [UInt8](repeating: 0, count: element.stride - element.size)
            return (0..<count).flatMap { _ in value(of: element) + padding }
        case .structure(let fields):
            var bytes = [UInt8](repeating: 0, count: schema.size)
            for field in fields {
                bytes.replaceSubrange(field.offset..<field.offset + field.schema.size, with: value(of: field.schema))
            }
            return bytes
        }
    }

    private mutating func number(_ scalar: Schema.Scalar) -> [UInt8] {
        if scalar == .bool { return [UInt8(below(2))] }
        let extreme = below(4)
        let bytes = (0..<scalar.size).map { _ in
            extreme == 0 ? 0 : extreme == 1 ? 0xFF : UInt8(truncatingIfNeeded: next())
        }
        let word = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        switch scalar {
        case .float16 where Float16(bitPattern: UInt16(word)).isNaN: return littleEndian(Float16.nan.bitPattern)
        case .float where Float(bitPattern: UInt32(word)).isNaN: return littleEndian(Float.nan.bitPattern)
        case .double where Double(bitPattern: word).isNaN: return littleEndian(Double.nan.bitPattern)
        default: return bytes
        }
    }

    // MARK: Text

    /// The text with a few bytes changed, removed, doubled or put in.
    mutating func mutated(_ text: String) -> String {
        var bytes = Array(text.utf8)
        let alphabet = Array("{}[]\"\\,:<>=@0123456789.eE+-xu truefalsn\u{0}\u{7F}é".utf8)
        for _ in 0..<1 + below(4) {
            let place = below(bytes.count + 1)
            switch below(5) {
            case 0 where place < bytes.count: bytes.remove(at: place)
            case 1 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: next())
            case 2: bytes.insert(alphabet[below(alphabet.count)], at: place)
            case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + below(12))], at: place)
            default: bytes.removeSubrange(place..<min(bytes.count, place + below(3)))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Number($0 * 8)) }
}

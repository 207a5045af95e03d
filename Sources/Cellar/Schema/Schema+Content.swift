extension Schema {
    /// What the bytes of one value mean. O(size).
    ///
    /// The bytes may come from anywhere: a `Bool` that is neither, an enum's bits that are no case, or a string's count
    /// beyond its capacity throw `.invalidValue`, naming the field. Text that is not UTF-8 is repaired.
    public func content(of bytes: [UInt8]) throws(StoreError) -> CellContent {
        guard (size...stride).contains(bytes.count) else {
            throw StoreError(.invalidValue, "a value of the type '\(self)' has \(size) bytes, not \(bytes.count)")
        }
        var reader = ContentReader(bytes: bytes)
        return try reader.value(of: self, at: 0)
    }

    /// What the bytes of so many values mean, one every `stride` bytes. Padding after the last may be missing.
    /// O(count × stride); throws like the above.
    public func content(of bytes: [UInt8], count: Int) throws(StoreError) -> [CellContent] {
        guard count >= 0, count == 0 || bytes.count >= size && count - 1 <= (bytes.count - size) / stride else {
            throw StoreError(
                .invalidValue,
                "\(bytes.count) bytes do not hold \(count) values of the type '\(self)', "
                    + "each \(stride) bytes from the next")
        }
        var reader = ContentReader(bytes: bytes)
        return try reader.elements(of: self, count: count, at: 0)
    }

    /// The bytes of a value: exactly `size`, padding and unused text zero. O(size).
    ///
    /// Numbers are checked against the type's range; a whole number is taken for a floating-point type, and a
    /// floating-point number for an integer type if it is whole. An enum takes a case's name or raw value, a tuple also
    /// a list. Throws `.invalidValue`, naming the field, the value and what the type wants.
    ///
    /// - Parameters:
    ///   - content: of the schema's shape.
    ///   - old: the bytes of a value, for an object that has only some of the fields: the others keep their bytes, unchecked.
    ///     Without it, an object must have all fields. A field that the type does not have is an error.
    public func bytes(of content: CellContent, over old: [UInt8]? = nil) throws(StoreError) -> [UInt8] {
        if let old, !(size...stride).contains(old.count) {
            throw StoreError(.invalidValue, "a value of the type '\(self)' has \(size) bytes, not \(old.count)")
        }
        var writer = ContentWriter(size: size, old: old)
        try writer.write(content, as: self, at: 0)
        return writer.bytes
    }
}

// MARK: Bytes to values

/// Reads values from bytes that are not trusted. The caller has checked that there are enough of them.
private struct ContentReader {
    let bytes: [UInt8]
    private var path = ContentPath()

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func value(of schema: Schema, at offset: Int) throws(StoreError) -> CellContent {
        switch schema.shape {
        case .scalar(let scalar): return try number(scalar, at: offset)
        case .simd(let scalar, let lanes):
            var values: [CellContent] = []
            values.reserveCapacity(lanes)
            for lane in 0..<lanes { values.append(try number(scalar, at: offset + lane * scalar.size)) }
            return .list(values)
        case .string(let capacity): return try text(capacity: capacity, at: offset)
        case .uuid: return .text(InlineUUID.text(of: bytes[offset..<offset + 16]))
        case .enumeration(let size, let cases):
            let bits = word(size, at: offset)
            guard let found = cases.first(where: { UInt128($0.bits) == bits }) else {
                throw damaged("no case of its enum has the bits \(bits)")
            }
            return .text(found.name)
        case .array(let element, let count): return .list(try elements(of: element, count: count, at: offset))
        case .structure(let fields):
            var members: [CellContent.Member] = []
            members.reserveCapacity(fields.count)
            for field in fields {
                path.enter(.field(field.name))
                let value = try value(of: field.schema, at: offset + field.offset)
                members.append(CellContent.Member(name: field.name, value: value))
                path.leave()
            }
            return .object(members)
        }
    }

    mutating func elements(of schema: Schema, count: Int, at offset: Int) throws(StoreError) -> [CellContent] {
        var values: [CellContent] = []
        values.reserveCapacity(count)
        for index in 0..<count {
            path.enter(.element(index))
            values.append(try value(of: schema, at: offset + index * schema.stride))
            path.leave()
        }
        return values
    }

    private func number(_ scalar: Schema.Scalar, at offset: Int) throws(StoreError) -> CellContent {
        let bits = word(scalar.size, at: offset)
        switch scalar {
        case .int8, .int16, .int32, .int64, .int128:
            let unused = 128 - scalar.size * 8
            return .integer(Int128(truncatingIfNeeded: bits << unused) >> unused)
        case .uint8, .uint16, .uint32, .uint64: return .integer(Int128(bits))
        case .uint128: return .unsigned(bits)
        case .float16: return CellContent(Float16(bitPattern: UInt16(bits)))
        case .float: return .float(Float(bitPattern: UInt32(bits)))
        case .double: return .floating(Double(bitPattern: UInt64(bits)))
        case .bool:
            guard bits <= 1 else { throw damaged("a Bool is \(bits)") }
            return .boolean(bits == 1)
        }
    }

    private func text(capacity: Int, at offset: Int) throws(StoreError) -> CellContent {
        let count = Int(word(2, at: offset))
        guard count <= capacity else { throw damaged("a string<\(capacity)> has a count of \(count)") }
        return .text(String(decoding: bytes[offset + 2..<offset + 2 + count], as: UTF8.self))
    }

    /// Up to 16 bytes as a little-endian number.
    private func word(_ size: Int, at offset: Int) -> UInt128 {
        var word: UInt128 = 0
        for index in (0..<size).reversed() { word = word << 8 | UInt128(bytes[offset + index]) }
        return word
    }

    private func damaged(_ what: String) -> StoreError {
        StoreError(
            .invalidValue,
            "the bytes of \(path) are no value of its type (\(what)): the store is damaged, or another program wrote it "
                + "without Cellar")
    }
}

// MARK: Values to bytes

/// Writes values into zeroed bytes.
struct ContentWriter {
    private(set) var bytes: [UInt8]
    private let old: [UInt8]?
    private var path: ContentPath

    /// - Parameter old: at least as many bytes, or nil.
    init(size: Int, old: [UInt8]? = nil, path: ContentPath = ContentPath()) {
        bytes = [UInt8](repeating: 0, count: size)
        self.old = old
        self.path = path
    }

    mutating func write(_ content: CellContent, as schema: Schema, at offset: Int) throws(StoreError) {
        switch schema.shape {
        case .scalar(let scalar):
            guard let bits = scalar.bits(of: content) else { throw unwanted(content, schema) }
            put(bits, scalar.size, at: offset)
        case .simd(let scalar, let lanes):
            let lane = Schema(.scalar(scalar))
            try write(content, lanes, of: lane, as: schema, at: offset)
        case .array(let element, let count): try write(content, count, of: element, as: schema, at: offset)
        case .string(let capacity):
            guard case .text(let text) = content, text.utf8.count <= capacity else { throw unwanted(content, schema) }
            put(UInt128(text.utf8.count), 2, at: offset)
            for (index, byte) in text.utf8.enumerated() { bytes[offset + 2 + index] = byte }
        case .uuid:
            guard case .text(let text) = content, let uuid = InlineUUID.bytes(parsing: text) else {
                throw unwanted(content, schema)
            }
            bytes.replaceSubrange(offset..<offset + 16, with: uuid)
        case .enumeration(let size, let cases):
            guard let found = content.match(in: cases) else { throw unwanted(content, schema) }
            put(UInt128(found.bits), size, at: offset)
        case .structure(let fields):
            guard let members = content.members(of: fields) else { throw unwanted(content, schema) }
            try write(members, fields, at: offset)
        }
    }

    private mutating func write(
        _ content: CellContent, _ count: Int, of element: Schema, as schema: Schema, at offset: Int
    ) throws(StoreError) {
        guard case .list(let values) = content, values.count == count else { throw unwanted(content, schema) }
        for (index, value) in values.enumerated() {
            path.enter(.element(index))
            try write(value, as: element, at: offset + index * element.stride)
            path.leave()
        }
    }

    private mutating func write(
        _ members: [CellContent.Member], _ fields: [Schema.Field], at offset: Int
    ) throws(StoreError) {
        var values: [String: CellContent] = [:]
        for member in members where values.updateValue(member.value, forKey: member.name) != nil {
            throw StoreError(.invalidValue, "\(path) has '\(member.name)' twice")
        }
        for field in fields {
            path.enter(.field(field.name))
            if let value = values.removeValue(forKey: field.name) {
                try write(value, as: field.schema, at: offset + field.offset)
            } else if let old {
                let range = offset + field.offset..<offset + field.offset + field.schema.size
                bytes.replaceSubrange(range, with: old[range])
            } else {
                throw StoreError(.invalidValue, "\(path) is missing; it wants \(field.schema.wanted)")
            }
            path.leave()
        }
        if let unknown = members.first(where: { values[$0.name] != nil }) {
            throw path.unknownField(unknown.name, fields)
        }
    }

    private mutating func put(_ bits: UInt128, _ size: Int, at offset: Int) {
        for index in 0..<size { bytes[offset + index] = UInt8(truncatingIfNeeded: bits >> UInt128(index * 8)) }
    }

    private func unwanted(_ content: CellContent, _ schema: Schema) -> StoreError {
        path.unwanted(content.description, schema)
    }
}

extension ContentPath {
    /// The value at the path does not fit the schema.
    func unwanted(_ value: String, _ schema: Schema) -> StoreError {
        let shown = value.count > 80 ? value.prefix(80) + "…" : value[...]
        return StoreError(.invalidValue, "\(self) cannot be '\(shown)': it wants \(schema.wanted)")
    }

    func unknownField(_ name: String, _ fields: [Schema.Field]) -> StoreError {
        StoreError(
            .invalidValue, "\(self) has no field '\(name)': its fields are \(Schema.listing(fields.map(\.name)))")
    }
}

extension CellContent {
    /// The case of that name, or with that raw value.
    func match(in cases: [Schema.Case]) -> Schema.Case? {
        let text: String
        switch self {
        case .text(let name): text = name
        case .integer, .unsigned, .float, .floating, .boolean: text = description
        case .list, .object: return nil
        }
        return cases.first { $0.name == text }
            ?? (text.isEmpty ? nil : cases.first { $0.rawValue == text })
    }

    /// An object's members; a list's as those of a tuple.
    fileprivate func members(of fields: [Schema.Field]) -> [Member]? {
        switch self {
        case .object(let members): members
        case .list(let values) where values.count == fields.count && fields.allSatisfy { $0.name.hasPrefix(".") }:
            zip(fields, values).map { Member(name: $0.name, value: $1) }
        default: nil
        }
    }
}

extension Schema.Scalar {
    /// The bytes of a number as a little-endian number; nil if the type has no such value.
    fileprivate func bits(of content: CellContent) -> UInt128? {
        switch self {
        case .bool:
            guard case .boolean(let value) = content else { return nil }
            return value ? 1 : 0
        case .float16: return content.number(as: Float16.self).map { UInt128($0.bitPattern) }
        case .float: return content.number(as: Float.self).map { UInt128($0.bitPattern) }
        case .double: return content.number(as: Double.self).map { UInt128($0.bitPattern) }
        case .uint128: return content.whole(as: UInt128.self)
        default:
            guard let range, let value = content.whole(as: Int128.self), range.contains(value) else { return nil }
            return UInt128(truncatingIfNeeded: value)
        }
    }

    /// The values of an integer type; nil for `uint128`, which goes beyond, and for what is no integer.
    fileprivate var range: ClosedRange<Int128>? {
        switch self {
        case .int8, .int16, .int32, .int64, .int128:
            let unused = 128 - size * 8
            return Int128.min >> unused...Int128.max >> unused
        case .uint8, .uint16, .uint32, .uint64: return 0...(1 << (size * 8)) - 1
        case .uint128, .float16, .float, .double, .bool: return nil
        }
    }

    fileprivate var wanted: String {
        switch self {
        case .bool: "true or false"
        case .float16: "a number from -65504 to 65504, nan, inf or -inf"
        case .float:
            "a number from \(-Float.greatestFiniteMagnitude) to \(Float.greatestFiniteMagnitude), nan, inf or -inf"
        case .double: "a number, nan, inf or -inf"
        case .uint128: "a whole number from 0 to \(UInt128.max)"
        default: range.map { "a whole number from \($0.lowerBound) to \($0.upperBound)" } ?? rawValue
        }
    }
}

extension CellContent {
    fileprivate func whole<Whole: FixedWidthInteger>(as type: Whole.Type) -> Whole? {
        switch self {
        case .integer(let value): Whole(exactly: value)
        case .unsigned(let value): Whole(exactly: value)
        case .float(let value): Whole(exactly: value)
        case .floating(let value): Whole(exactly: value)
        case .boolean, .text, .list, .object: nil
        }
    }

    /// Rounded to the nearest; nil if that would make a finite number infinite.
    fileprivate func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(as type: Number.Type) -> Number? {
        let (number, isFinite): (Number, Bool)
        switch self {
        case .integer(let value): (number, isFinite) = (Number(value), true)
        case .unsigned(let value): (number, isFinite) = (Number(value), true)
        case .float(let value): (number, isFinite) = (Number(value), value.isFinite)
        case .floating(let value): (number, isFinite) = (Number(value), value.isFinite)
        case .text("nan"): return .nan
        case .text("inf"): return .infinity
        case .text("-inf"): return -.infinity
        case .boolean, .text, .list, .object: return nil
        }
        return isFinite && !number.isFinite ? nil : number
    }
}

extension Schema {
    /// What the type takes, for messages.
    var wanted: String {
        switch shape {
        case .scalar(let scalar): scalar.wanted
        case .simd(let scalar, let lanes): "a list of \(lanes), each \(scalar.wanted)"
        case .string(let capacity): "text of at most \(capacity) bytes of UTF-8"
        case .uuid: "a UUID, such as \(InlineUUID())"
        case .array(let element, let count): "a list of \(count), each \(element.wanted)"
        case .enumeration(_, let cases): "one of \(Self.listing(cases.map(\.name)))"
        case .structure(let fields): "an object with the fields \(Self.listing(fields.map(\.name)))"
        }
    }

    static func listing(_ names: [String]) -> String {
        names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
    }
}

extension Schema {
    /// The schema of a plain Swift type: fixed-width integers, `Float`, `Double`, `Bool`, SIMD vectors, `InlineArray`,
    /// `InlineString`, `CaseIterable` enums without payloads, and structs and tuples of these.
    ///
    /// Found with `Mirror`, laid out by Swift's rules, and checked against `MemoryLayout` and against the bytes of a
    /// sample. Throws `.unsupportedType`, naming the field, for what cannot be shared: pointers and everything else
    /// that means something in one process only. Done once a type and process; then O(1).
    public static func of<Value: BitwiseCopyable>(_ type: Value.Type) throws(StoreError) -> Schema {
        try SchemaKey.of(type).schema
    }

    /// Works the schema out.
    static func derive<Value: BitwiseCopyable>(_ type: Value.Type) throws(StoreError) -> Schema {
        let derivation = SchemaDerivation(root: "\(type)")
        let schema = try derivation.derive(type, path: "", depth: 0)
        guard (try? Schema(parsing: schema.description)) == schema else {
            throw derivation.refuse("", type, "it has too many parts for a schema that is kept in a store")
        }
        return schema
    }

    /// Why a value cannot be put in a cell: throws `.unsupportedType`, naming the first field that prevents it. For a
    /// type that the compiler does not accept (`BitwiseCopyable`). Returns if no such field was found.
    public static func explain<Value>(_ sample: Value) throws(StoreError) {
        try SchemaDerivation(root: "\(Value.self)").refuseReferences(in: sample, path: "", depth: 0)
    }
}

/// A type of the standard library, or ours, whose schema is known without looking inside.
protocol KnownSchema {
    static func schema(_ derivation: SchemaDerivation, path: String, depth: Int) throws(StoreError) -> Schema
}

/// A type that means something in one process only.
protocol ProcessBound {}

private protocol OptionalValue {}
extension Optional: OptionalValue {}

/// Derives schemas by looking at samples with `Mirror`.
struct SchemaDerivation {
    let root: String

    /// The largest type of which samples are made: they lie on the stack.
    private static let largestSample = 1 << 20

    /// `Value` is bitwise-copyable, or a field of such a type: its bytes can be made up.
    func derive<Value>(_ type: Value.Type, path: String, depth: Int) throws(StoreError) -> Schema {
        let schema = try shape(of: type, path: path, depth: depth)
        guard schema.size == MemoryLayout<Value>.size, schema.stride == MemoryLayout<Value>.stride,
            schema.alignment == MemoryLayout<Value>.alignment
        else { throw refuse(path, type, "its layout in memory is not the one its fields give") }
        return schema
    }

    private func shape<Value>(of type: Value.Type, path: String, depth: Int) throws(StoreError) -> Schema {
        guard depth < SchemaParser.maximumDepth else { throw refuse(path, type, "it is nested too deeply") }
        if let known = type as? any KnownSchema.Type { return try known.schema(self, path: path, depth: depth) }
        if type is any ProcessBound.Type {
            throw refuse(path, type, "it points into one process's memory; store an index, an offset or a copy instead")
        }
        if type is AnyObject.Type { throw refuse(path, type, "it is a class; store its values") }
        if type is any OptionalValue.Type {
            throw refuse(path, type, "it is optional; keep a value and a Bool, or a value that stands for none")
        }
        guard MemoryLayout<Value>.size > 0 else { throw refuse(path, type, "it has no bytes") }
        guard MemoryLayout<Value>.size <= Self.largestSample else {
            throw refuse(
                path, type, "it has \(MemoryLayout<Value>.size) bytes, too many for one value; use an array or a block")
        }
        guard !(type is any CustomReflectable.Type) else {
            throw refuse(path, type, "it shows a mirror of its own (CustomReflectable), so its fields cannot be found")
        }
        if let enumeration = type as? any CaseIterable.Type, let schema = try cases(of: enumeration, path: path) {
            return schema
        }
        let mirror = unsafe Mirror(reflecting: sample(of: type) { _ in })
        switch mirror.displayStyle {
        case .struct, .tuple:
            return try structure(of: type, mirror, path: path, depth: depth)
        case .enum:
            throw refuse(path, type, "an enum must be CaseIterable, so that the bits that others write can be checked")
        default: throw refuse(path, type, "it is not a plain type")
        }
    }

    /// A tuple's names bring their dot.
    private static func path(_ path: String, _ name: String) -> String {
        path.isEmpty || name.hasPrefix(".") ? path + name : "\(path).\(name)"
    }

    // MARK: Structs and tuples

    private func structure<Value>(
        of type: Value.Type, _ mirror: Mirror, path: String, depth: Int
    ) throws(StoreError) -> Schema {
        var fields: [Schema.Field] = []
        var end = 0
        for (index, child) in mirror.children.enumerated() {
            let name = child.label ?? ".\(index)"
            let childType: Any.Type = Self.declaredType(of: child.value)
            let schema = try derive(childType, path: Self.path(path, name), depth: depth + 1)
            let offset = Rounding.up(end, to: schema.alignment)
            fields.append(Schema.Field(name: name, offset: offset, schema: schema))
            end = offset + schema.size
        }
        guard !fields.isEmpty else { throw refuse(path, type, "it is not a plain type") }
        let schema = Schema(.structure(fields))
        guard try agrees(schema, fields, type) else {
            throw refuse(path, type, "its mirror does not show its stored fields in order")
        }
        return schema
    }

    /// Holds a sample with telling bytes against what its mirror shows at each field.
    private func agrees<Value>(
        _ schema: Schema, _ fields: [Schema.Field], _ type: Value.Type
    ) throws(StoreError) -> Bool {
        guard schema.size == MemoryLayout<Value>.size else { return false }
        var pattern = [UInt8](repeating: 0, count: MemoryLayout<Value>.size)
        for (index, field) in fields.enumerated() where field.schema.acceptsAllBits {
            for byte in 0..<field.schema.size {
                pattern[field.offset + byte] = UInt8(truncatingIfNeeded: (index + 1) * 37 + byte * 11 + 1) & 0x3F
            }
        }
        let sample = unsafe sample(of: type) { buffer in unsafe buffer.copyBytes(from: pattern) }
        let children = Array(Mirror(reflecting: sample).children)
        guard children.count == fields.count else { return false }
        for (child, field) in zip(children, fields) {
            let shown = Self.bytes(of: child.value)
            if field.schema.acceptsAllBits, shown != Array(pattern[field.offset..<field.offset + field.schema.size]) {
                return false
            }
        }
        return true
    }

    /// The type that the value was put into its box as. Unlike `type(of:)`, opening the box does not look at the value:
    /// made-up bytes may be a reference or a metatype that must not be followed.
    private static func declaredType(of value: Any) -> Any.Type {
        func declared<Value>(_ value: Value) -> Any.Type { Value.self }
        return declared(value)
    }

    private static func bytes<Value>(of value: Value) -> [UInt8] {
        unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
    }

    /// A value of made-up bytes, zero but for what `fill` writes.
    private func sample<Value>(of type: Value.Type, _ fill: (UnsafeMutableRawBufferPointer) -> Void) -> Value {
        unsafe withUnsafeTemporaryAllocation(
            byteCount: max(MemoryLayout<Value>.size, 1), alignment: MemoryLayout<Value>.alignment
        ) { buffer in
            unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
            unsafe fill(buffer)
            return unsafe buffer.baseAddress!.assumingMemoryBound(to: Value.self).pointee
        }
    }

    // MARK: Enums

    /// The schema of an enum; nil if the type is none.
    private func cases<Enumeration: CaseIterable>(
        of type: Enumeration.Type, path: String
    ) throws(StoreError) -> Schema? {
        let size = MemoryLayout<Enumeration>.size
        var cases: [Schema.Case] = []
        var seen: Set<UInt64> = []
        for value in type.allCases {
            let mirror = Mirror(reflecting: value)
            guard mirror.displayStyle == .enum else { return nil }
            guard mirror.children.isEmpty, [1, 2, 4, 8].contains(size) else {
                throw refuse(path, type, "only enums without payloads can be shared")
            }
            var bits: UInt64 = 0
            unsafe withUnsafeBytes(of: value) { bytes in
                for index in 0..<size { bits |= UInt64(unsafe bytes[index]) << UInt64(index * 8) }
            }
            guard seen.insert(bits).inserted else { continue }
            cases.append(Self.enumerationCase(value, bits: bits))
        }
        guard !cases.isEmpty else { throw refuse(path, type, "it has no cases") }
        guard Set(cases.map(\.name)).count == cases.count else {
            throw refuse(path, type, "two of its cases have the same name")
        }
        return Schema(.enumeration(size: size, cases: cases.sorted { $0.bits < $1.bits }))
    }

    /// A case and its name. An enum that describes itself in other words goes by its raw values, or by number.
    private static func enumerationCase(_ value: Any, bits: UInt64) -> Schema.Case {
        let raw = (value as? any RawRepresentable).map { "\($0.rawValue)" } ?? ""
        let describesItself =
            value is any CustomStringConvertible || value is any CustomDebugStringConvertible
            || value is any TextOutputStreamable
        let name = !describesItself ? "\(value)" : raw.isEmpty ? "case\(bits)" : raw
        return Schema.Case(name: name, bits: bits, rawValue: raw)
    }

    // MARK: Refusals

    func refuse<Value>(_ path: String, _ type: Value.Type, _ why: String) -> StoreError {
        let what = path.isEmpty ? "'\(type)'" : "field '\(path)' of '\(root)' (a '\(type)')"
        return StoreError(.unsupportedType, "\(what) cannot be shared between processes: \(why)")
    }

    /// Looks for the first part of a sample that is not plain.
    func refuseReferences(in value: Any, path: String, depth: Int) throws(StoreError) {
        let type: Any.Type = Swift.type(of: value)
        if type is any KnownSchema.Type || depth > SchemaParser.maximumDepth { return }
        if type is AnyObject.Type { throw refuse(path, type, "it is a class; store its values") }
        if type is any ProcessBound.Type { throw refuse(path, type, "it points into one process's memory") }
        if type is any StringProtocol.Type {
            throw refuse(
                path, type,
                "its text is kept in one process's memory; use InlineString<64>, or as many bytes as it needs")
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .struct?, .tuple?:
            for (index, child) in mirror.children.enumerated() {
                let name = child.label ?? ".\(index)"
                try refuseReferences(
                    in: child.value, path: Self.path(path, name), depth: depth + 1)
            }
        case .enum? where mirror.children.isEmpty: return
        case .collection?, .dictionary?, .set?:
            throw refuse(path, type, "its elements are kept in one process's memory; use InlineArray")
        default: throw refuse(path, type, "it is not a plain type")
        }
    }
}

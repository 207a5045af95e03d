/// The schemas of the standard library's plain types.
protocol ScalarSchema: KnownSchema {
    static var scalar: Schema.Scalar { get }
}

extension ScalarSchema {
    static func schema(_ derivation: SchemaDerivation, path: String, depth: Int) throws(StoreError) -> Schema {
        Schema(.scalar(scalar))
    }
}

extension Int8: ScalarSchema { static var scalar: Schema.Scalar { .int8 } }
extension Int16: ScalarSchema { static var scalar: Schema.Scalar { .int16 } }
extension Int32: ScalarSchema { static var scalar: Schema.Scalar { .int32 } }
extension Int64: ScalarSchema { static var scalar: Schema.Scalar { .int64 } }
extension Int: ScalarSchema { static var scalar: Schema.Scalar { .int64 } }
extension Int128: ScalarSchema { static var scalar: Schema.Scalar { .int128 } }
extension UInt8: ScalarSchema { static var scalar: Schema.Scalar { .uint8 } }
extension UInt16: ScalarSchema { static var scalar: Schema.Scalar { .uint16 } }
extension UInt32: ScalarSchema { static var scalar: Schema.Scalar { .uint32 } }
extension UInt64: ScalarSchema { static var scalar: Schema.Scalar { .uint64 } }
extension UInt: ScalarSchema { static var scalar: Schema.Scalar { .uint64 } }
extension UInt128: ScalarSchema { static var scalar: Schema.Scalar { .uint128 } }
extension Float16: ScalarSchema { static var scalar: Schema.Scalar { .float16 } }
extension Float: ScalarSchema { static var scalar: Schema.Scalar { .float } }
extension Double: ScalarSchema { static var scalar: Schema.Scalar { .double } }
extension Bool: ScalarSchema { static var scalar: Schema.Scalar { .bool } }

/// A vector of scalars.
protocol VectorSchema: KnownSchema, SIMD {}

extension VectorSchema {
    static func schema(_ derivation: SchemaDerivation, path: String, depth: Int) throws(StoreError) -> Schema {
        guard let scalar = (Scalar.self as Any.Type) as? any ScalarSchema.Type else {
            throw derivation.refuse(path, Self.self, "its lanes are not plain numbers")
        }
        return Schema(.simd(scalar.scalar, lanes: scalarCount))
    }
}

extension SIMD2: VectorSchema, KnownSchema {}
extension SIMD3: VectorSchema, KnownSchema {}
extension SIMD4: VectorSchema, KnownSchema {}
extension SIMD8: VectorSchema, KnownSchema {}
extension SIMD16: VectorSchema, KnownSchema {}
extension SIMD32: VectorSchema, KnownSchema {}
extension SIMD64: VectorSchema, KnownSchema {}

extension InlineArray: KnownSchema {
    static func schema(_ derivation: SchemaDerivation, path: String, depth: Int) throws(StoreError) -> Schema {
        guard count > 0 else { throw derivation.refuse(path, Self.self, "it has no bytes") }
        let element = try derivation.derive(Element.self, path: path.isEmpty ? "[]" : path + "[]", depth: depth + 1)
        return Schema(.array(element, count: count))
    }
}

extension InlineString: KnownSchema {
    static func schema(_ derivation: SchemaDerivation, path: String, depth: Int) throws(StoreError) -> Schema {
        Schema(.string(capacity: capacity))
    }
}

extension InlineUUID: KnownSchema {
    static func schema(_ derivation: SchemaDerivation, path: String, depth: Int) throws(StoreError) -> Schema {
        Schema(.uuid)
    }
}

extension UnsafePointer: ProcessBound {}
extension UnsafeMutablePointer: ProcessBound {}
extension UnsafeRawPointer: ProcessBound {}
extension UnsafeMutableRawPointer: ProcessBound {}
extension UnsafeBufferPointer: ProcessBound {}
extension UnsafeMutableBufferPointer: ProcessBound {}
extension UnsafeRawBufferPointer: ProcessBound {}
extension UnsafeMutableRawBufferPointer: ProcessBound {}
extension OpaquePointer: ProcessBound {}
extension Unmanaged: ProcessBound {}
extension ObjectIdentifier: ProcessBound {}
extension CVaListPointer: ProcessBound {}
extension StaticString: ProcessBound {}

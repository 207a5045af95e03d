/// A schema that is not counted: what a lookup compares, at no cost of references.
///
/// Whoever makes one keeps the schema alive while it is used; those from `SchemaCache` live for ever.
@frozen @usableFromInline @safe
struct SchemaKey: @unchecked Sendable {
    @usableFromInline let storage: Unmanaged<Schema.Storage>

    init(_ storage: Unmanaged<Schema.Storage>) { unsafe self.storage = storage }

    /// For a schema that outlives the key.
    init(_ schema: Schema) { unsafe storage = Unmanaged.passUnretained(schema.storage) }

    var fingerprint: UInt64 { unsafe storage._withUnsafeGuaranteedRef { $0.fingerprint } }
    var size: Int { unsafe storage._withUnsafeGuaranteedRef { $0.size } }
    var alignment: Int { unsafe storage._withUnsafeGuaranteedRef { $0.alignment } }
    @usableFromInline
    var acceptsAllBits: Bool { unsafe storage._withUnsafeGuaranteedRef { $0.checks.isEmpty } }
    /// The schema itself, counted.
    @usableFromInline
    var schema: Schema { unsafe Schema(storage: storage.takeUnretainedValue()) }

    /// The key of a type's schema; see `Schema.of`.
    @usableFromInline
    static func of<Value: BitwiseCopyable>(_ type: Value.Type) throws(StoreError) -> SchemaKey {
        let identity = UInt(bitPattern: ObjectIdentifier(type))
        if let known = SchemaCache.shared.find(identity) { return known }
        return SchemaCache.shared.insert(identity, try Schema.derive(type))
    }
}

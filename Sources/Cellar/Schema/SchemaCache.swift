import Synchronization

/// The schemas of the types that this process has used, found without a lock.
///
/// An insert-only open-addressing table over type identities. A slot's key is claimed first and its schema published
/// after it; who finds the key without the schema derives it once more. Schemas in it are never released.
@safe final class SchemaCache: @unchecked Sendable {
    static let shared = SchemaCache()

    private static let capacity = 1024
    private let keys: UnsafeMutablePointer<Atomic<UInt>>
    private let schemas: UnsafeMutablePointer<Atomic<UInt>>

    private init() {
        unsafe keys = .allocate(capacity: Self.capacity)
        unsafe schemas = .allocate(capacity: Self.capacity)
        for index in 0..<Self.capacity {
            unsafe (keys + index).initialize(to: Atomic(0))
            unsafe (schemas + index).initialize(to: Atomic(0))
        }
    }

    /// The schema of a type, if it is known.
    func find(_ type: UInt) -> SchemaKey? {
        var index = Self.start(type)
        for _ in 0..<Self.capacity {
            let key = unsafe keys[index].load(ordering: .acquiring)
            if key == 0 { return nil }
            if key == type {
                // Pairs with the release store in `insert`.
                let address = unsafe schemas[index].load(ordering: .acquiring)
                guard let pointer = unsafe UnsafeRawPointer(bitPattern: address) else { return nil }
                return unsafe SchemaKey(Unmanaged<Schema.Storage>.fromOpaque(pointer))
            }
            index = (index + 1) & (Self.capacity - 1)
        }
        return nil
    }

    /// Remembers a schema, and keeps it alive. Where the table is full, the type is derived again each time, and each
    /// schema kept all the same: a process with more than a thousand types of cells has the memory.
    func insert(_ type: UInt, _ schema: Schema) -> SchemaKey {
        let kept = unsafe Unmanaged.passRetained(schema.storage)
        var index = Self.start(type)
        for _ in 0..<Self.capacity {
            let (claimed, key) = unsafe keys[index].compareExchange(
                expected: 0, desired: type, ordering: .acquiringAndReleasing)
            if claimed { unsafe schemas[index].store(UInt(bitPattern: kept.toOpaque()), ordering: .releasing) }
            if claimed || key == type { break }
            index = (index + 1) & (Self.capacity - 1)
        }
        return unsafe SchemaKey(kept)
    }

    /// Type metadata lies at multiples of 8.
    private static func start(_ type: UInt) -> Int {
        Int(truncatingIfNeeded: (type >> 3) ^ (type >> 13)) & (capacity - 1)
    }
}

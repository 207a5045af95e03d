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
    func find(_ type: UInt) -> Schema? {
        var index = Self.start(type)
        for _ in 0..<Self.capacity {
            let key = unsafe keys[index].load(ordering: .acquiring)
            if key == 0 { return nil }
            if key == type {
                // Pairs with the release store in `insert`.
                let address = unsafe schemas[index].load(ordering: .acquiring)
                guard let pointer = unsafe UnsafeRawPointer(bitPattern: address) else { return nil }
                return unsafe Schema(storage: Unmanaged<Schema.Storage>.fromOpaque(pointer).takeUnretainedValue())
            }
            index = (index + 1) & (Self.capacity - 1)
        }
        return nil
    }

    /// Remembers a schema; where the table is full, it is derived again each time.
    func insert(_ type: UInt, _ schema: Schema) {
        var index = Self.start(type)
        for _ in 0..<Self.capacity {
            let (claimed, key) = unsafe keys[index].compareExchange(
                expected: 0, desired: type, ordering: .acquiringAndReleasing)
            if claimed {
                let pointer = unsafe Unmanaged.passRetained(schema.storage).toOpaque()
                unsafe schemas[index].store(UInt(bitPattern: pointer), ordering: .releasing)
                return
            }
            if key == type { return }
            index = (index + 1) & (Self.capacity - 1)
        }
    }

    /// Type metadata lies at multiples of 8.
    private static func start(_ type: UInt) -> Int { Int(truncatingIfNeeded: (type >> 3) ^ (type >> 13)) & (capacity - 1) }
}

/// A key of the `meta` database, with the type of its value. On disk every value is text.
struct MetaKey<Value: Sendable>: Sendable {
    let name: String
    let encode: @Sendable (Value) -> String
    /// Nil for text that `encode` does not write.
    let decode: @Sendable ([UInt8]) -> Value?
}

extension MetaKey where Value: FixedWidthInteger & UnsignedInteger {
    /// A number in decimal digits.
    static func number(_ name: String) -> Self {
        MetaKey(name: name, encode: { String($0) }, decode: { DecimalText.parse($0) })
    }
}

extension MetaKey<UInt32> {
    /// Version of the catalogue's layout.
    static var format: Self { number("format") }
}

extension MetaKey<Identity> {
    /// The store's identity: 32 hexadecimal digits.
    static var uuid: Self {
        MetaKey(
            name: "uuid", encode: { $0.hexadecimal },
            decode: { bytes in
                bytes.count == 32 ? Identity(hexadecimal: String(decoding: bytes, as: UTF8.self)) : nil
            })
    }
}

extension MetaKey<UInt64> {
    /// Device and inode of the store's directory when it was given its identity: elsewhere it is a copy.
    static var device: Self { number("device") }
    static var inode: Self { number("inode") }
    /// The first cell identity never given yet.
    static var nextUID: Self { number("next-uid") }
    /// What the last transaction that changed cells too was named: so that who finds its process dead learns whether it is here.
    static var transaction: Self { number("transaction") }
    /// When the store was made, in nanoseconds since 1970.
    static var created: Self { number("created") }
}

extension Catalogue {
    /// Whether the last transaction that changed cells too, of those that are on disk, has this name.
    func hasTransaction(_ name: UInt64) throws(StoreError) -> Bool {
        try database.readLast { (transaction: borrowing ReadTransaction) throws(StoreError) in
            try value(of: .transaction, in: transaction) == name
        }
    }

    /// The value of `key`; nil if there is none. Text that is no such value is `.corruptDatabase`.
    func value<Value>(
        of key: MetaKey<Value>, in transaction: borrowing some DatabaseReading & ~Copyable
    ) throws(StoreError) -> Value? {
        let found = try transaction.withValue(of: key.name.utf8.span, in: meta) { text in
            text.byteCount <= 64 ? key.decode(text.copiedBytes) : nil
        }
        guard let found else { return nil }
        guard let value = found else {
            throw .damaged("\(database.directory)/data.mdb", "the entry '\(key.name)' in 'meta' makes no sense")
        }
        return value
    }

    func set<Value>(
        _ key: MetaKey<Value>, to value: Value, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        try transaction.put(key.encode(value).utf8.span, for: key.name.utf8.span, in: meta)
    }
}

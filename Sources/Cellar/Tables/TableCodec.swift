/// How a table turns values of a program's own into bytes and back.
///
/// For what is neither plain nor text nor bytes: `SharedTable`'s values can be anything that a codec knows. The module
/// `CellarFoundation` has one for `Codable` types, `TableCodec.json`.
public struct TableCodec<Value: Sendable>: Sendable {
    /// What the store keeps of it, and checks when the table is opened.
    public let type: String
    let encode: @Sendable (Value) throws -> [UInt8]
    let decode: @Sendable ([UInt8]) throws -> Value

    /// - Parameters:
    ///   - type: the name of the encoding, and of its version where there are several; up to 200 bytes, no control characters.
    ///     Values with the type `json` are shown as JSON by the tool, others as bytes.
    ///   - encode: the bytes of a value. What it throws comes out of the table's call as `.invalidValue`.
    ///   - decode: the value of bytes, which may come from a damaged file: it must throw for those that are none, not trap.
    public init(
        type: String, encode: @escaping @Sendable (Value) throws -> [UInt8],
        decode: @escaping @Sendable ([UInt8]) throws -> Value
    ) {
        self.type = type
        self.encode = encode
        self.decode = decode
    }

    func valueCodec() throws(StoreError) -> ValueCodec<Value> {
        guard (1...200).contains(type.utf8.count), type.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw StoreError(.invalidName, "the name of a codec has 1 to 200 bytes and no control characters")
        }
        guard type != String.valueType, type != [UInt8].valueType, (try? Schema(parsing: type)) == nil else {
            throw StoreError(
                .invalidName, "the codec's name '\(type)' stands for a type of Cellar's own: choose another")
        }
        return unsafe ValueCodec(
            type: type,
            encode: { [self] (value, body) throws(StoreError) in
                let bytes: [UInt8]
                do { bytes = try encode(value) } catch {
                    throw StoreError(.invalidValue, "a value cannot be encoded as '\(type)': \(error)")
                }
                try unsafe bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe body(bytes) }
            },
            decode: { [self] (bytes) throws(StoreError) in
                do { return try decode(unsafe [UInt8](bytes)) } catch {
                    throw StoreError(.invalidValue, "a value in a table is no '\(type)' of this program's: \(error)")
                }
            })
    }
}

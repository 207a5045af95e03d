public import Cellar
public import FoundationEssentials

/// Sorted by time: kept as the seconds since 2001 that a date is, as a `Double`.
extension Date: TableKey {
    public static var keyType: String { "date" }
    public func encode(into key: inout KeyWriter, isLast: Bool) {
        timeIntervalSinceReferenceDate.encode(into: &key, isLast: isLast)
    }
    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        self.init(timeIntervalSinceReferenceDate: try Double(decoding: &key, isLast: isLast))
    }
}

/// Its 16 bytes.
extension UUID: TableKey {
    public static var keyType: String { "uuid" }
    public func encode(into key: inout KeyWriter, isLast: Bool) {
        let uuid = uuid
        for place in 0..<16 { key.append(unsafe withUnsafeBytes(of: uuid) { unsafe $0[place] }) }
    }
    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        var uuid: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        for place in 0..<16 {
            let byte = try key.next()
            unsafe withUnsafeMutableBytes(of: &uuid) { unsafe $0[place] = byte }
        }
        self.init(uuid: uuid)
    }
}

public import Cellar
public import FoundationEssentials

/// Keys and values of dictionaries: its 16 bytes.
extension UUID: PlainBytes {
    public init(plain: InlineUUID) { self.init(plain) }

    /// The same UUID.
    public init(_ uuid: InlineUUID) {
        self.init(uuid: unsafe withUnsafeBytes(of: uuid.bytes) { unsafe $0.loadUnaligned(as: uuid_t.self) })
    }
}

extension InlineUUID {
    /// The same UUID, to be kept in cells.
    public init(_ uuid: UUID) {
        self.init(
            bytes: unsafe withUnsafeBytes(of: uuid.uuid) { unsafe $0.loadUnaligned(as: InlineArray<16, UInt8>.self) })
    }
}

/// Keys and values of dictionaries: its seconds since 2001, as a `Double`. (In cells, keep that number.)
extension Date: PlainBytes {
    public init(plain: Double) { self.init(timeIntervalSinceReferenceDate: plain) }
}

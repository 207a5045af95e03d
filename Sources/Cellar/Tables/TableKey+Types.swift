// Unsigned integers: high byte first. Signed ones: with the sign turned, so that negative ones come first.

extension TableKey where Self: FixedWidthInteger & UnsignedInteger {
    @inlinable
    public func encode(into key: inout KeyWriter, isLast: Bool) { key.append(bigEndian: self) }
    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) { self = try key.nextBigEndian() }
}

extension TableKey where Self: FixedWidthInteger & SignedInteger, Magnitude: FixedWidthInteger & UnsignedInteger {
    @inlinable static var sign: Magnitude { 1 << Magnitude(bitWidth - 1) }
    @inlinable
    public func encode(into key: inout KeyWriter, isLast: Bool) {
        key.append(bigEndian: Magnitude(truncatingIfNeeded: self) ^ Self.sign)
    }
    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        self = Self(truncatingIfNeeded: try key.nextBigEndian(Magnitude.self) ^ Self.sign)
    }
}

extension UInt8: TableKey { public static var keyType: String { "uint8" } }
extension UInt16: TableKey { public static var keyType: String { "uint16" } }
extension UInt32: TableKey { public static var keyType: String { "uint32" } }
extension UInt64: TableKey { public static var keyType: String { "uint64" } }
extension UInt: TableKey { public static var keyType: String { "uint64" } }
extension Int8: TableKey { public static var keyType: String { "int8" } }
extension Int16: TableKey { public static var keyType: String { "int16" } }
extension Int32: TableKey { public static var keyType: String { "int32" } }
extension Int64: TableKey { public static var keyType: String { "int64" } }
extension Int: TableKey { public static var keyType: String { "int64" } }

extension Bool: TableKey {
    public static var keyType: String { "bool" }
    @inlinable
    public func encode(into key: inout KeyWriter, isLast: Bool) { key.append(self ? 1 : 0) }
    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        let byte = try key.next()
        guard byte <= 1 else { throw KeyReader.wrong }
        self = byte == 1
    }
}

// Floating point: the bits of positive numbers sort as they are; with the sign turned they come behind the negative ones,
// whose bits are turned all. -0 is 0; what is not a number comes behind infinity (or before its negative).

extension Double: TableKey {
    public static var keyType: String { "double" }
    @inlinable
    public func encode(into key: inout KeyWriter, isLast: Bool) {
        let bits = (self == 0 ? 0 : self).bitPattern
        key.append(bigEndian: bits >> 63 == 1 ? ~bits : bits | 1 << 63)
    }
    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        let bits = try key.nextBigEndian(UInt64.self)
        self = Double(bitPattern: bits >> 63 == 1 ? bits & ~(1 << 63) : ~bits)
    }
}

extension Float: TableKey {
    public static var keyType: String { "float" }
    @inlinable
    public func encode(into key: inout KeyWriter, isLast: Bool) {
        let bits = (self == 0 ? 0 : self).bitPattern
        key.append(bigEndian: bits >> 31 == 1 ? ~bits : bits | 1 << 31)
    }
    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        let bits = try key.nextBigEndian(UInt32.self)
        self = Float(bitPattern: bits >> 31 == 1 ? bits & ~(1 << 31) : ~bits)
    }
}

// Text and bytes: as they are.

extension String: TableKey {
    public static var keyType: String { "string" }
    @inlinable
    public func encode(into key: inout KeyWriter, isLast: Bool) { key.append(text: utf8.span, isLast: isLast) }
    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        guard let text = try key.nextString(isLast: isLast) else { throw KeyReader.wrong }
        self = text
    }
}

extension [UInt8]: TableKey {
    public static var keyType: String { "bytes" }
    @inlinable
    public func encode(into key: inout KeyWriter, isLast: Bool) { key.append(text: span, isLast: isLast) }
    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        self = try key.nextText(isLast: isLast)
    }
}

extension InlineString: TableKey {
    public static var keyType: String { "string<\(capacity)>" }
    public func encode(into key: inout KeyWriter, isLast: Bool) { string.encode(into: &key, isLast: isLast) }
    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        let text = try String(decoding: &key, isLast: isLast)
        guard text.utf8.count <= capacity else { throw KeyReader.wrong }
        self.init(truncating: text)
    }
}

/// An enum whose raw values are keys is one with `: TableKey` behind its name: its keys sort, and are kept, as the raw values.
extension TableKey where Self: RawRepresentable, RawValue: TableKey {
    public static var keyType: String { RawValue.keyType }
    @inlinable
    public func encode(into key: inout KeyWriter, isLast: Bool) { rawValue.encode(into: &key, isLast: isLast) }
    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        guard let value = Self(rawValue: try RawValue(decoding: &key, isLast: isLast)) else { throw KeyReader.wrong }
        self = value
    }
}

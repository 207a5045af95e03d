/// A plain number or truth value of at most 8 bytes: any bits that are stored come back as a value, so reading and
/// writing one cannot fail.
public protocol CellScalar: BitwiseCopyable, Equatable {
    /// The value that the low bytes of the word stand for, whatever the other bytes are.
    init(cellWord word: UInt64)
    /// A word whose low bytes stand for the value.
    var cellWord: UInt64 { get }
}

extension CellScalar where Self: FixedWidthInteger {
    @inlinable @inline(__always) public init(cellWord word: UInt64) { self.init(truncatingIfNeeded: word) }
    @inlinable @inline(__always) public var cellWord: UInt64 { UInt64(truncatingIfNeeded: self) }
}

extension Int8: CellScalar {}
extension Int16: CellScalar {}
extension Int32: CellScalar {}
extension Int64: CellScalar {}
extension Int: CellScalar {}
extension UInt8: CellScalar {}
extension UInt16: CellScalar {}
extension UInt32: CellScalar {}
extension UInt64: CellScalar {}
extension UInt: CellScalar {}

extension Bool: CellScalar {
    @inlinable @inline(__always) public init(cellWord word: UInt64) { self = word & 0xFF != 0 }
    @inlinable @inline(__always) public var cellWord: UInt64 { self ? 1 : 0 }
}

extension Float: CellScalar {
    @inlinable @inline(__always)
    public init(cellWord word: UInt64) { self.init(bitPattern: UInt32(truncatingIfNeeded: word)) }
    @inlinable @inline(__always) public var cellWord: UInt64 { UInt64(bitPattern) }
}

extension Double: CellScalar {
    @inlinable @inline(__always) public init(cellWord word: UInt64) { self.init(bitPattern: word) }
    @inlinable @inline(__always) public var cellWord: UInt64 { bitPattern }
}

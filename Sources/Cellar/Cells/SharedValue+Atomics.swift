/// Numbers and truth values: every operation is one atomic step, takes no lock and cannot fail. Writing through a
/// read-only store is a programming error and stops the program.
///
/// Operations are sequentially consistent with each other on one value, acquire on reading and release on writing with
/// respect to other memory. Integer arithmetic wraps around.
extension SharedValue where Value: CellScalar {
    /// The value now: as cheap as an atomic load.
    @inlinable @inline(__always)
    public func load() -> Value { Value(cellWord: cell.word.acquire()) }

    /// Replaces the value.
    @inlinable @inline(__always)
    public func store(_ value: Value) {
        requireWritable()
        cell.word.release(value.cellWord)
        noteChange()
    }

    /// Replaces the value and returns the one before.
    @inlinable @discardableResult
    public func exchange(_ value: Value) -> Value {
        requireWritable()
        let old = cell.word.exchange(value.cellWord)
        noteChange()
        return Value(cellWord: old)
    }

    /// Replaces the value with `desired` if its bits are those of `expected` (so 0.0 is not -0.0, and a NaN is itself).
    /// Returns whether it did, and the value that was there.
    @inlinable @discardableResult
    public func compareExchange(expected: Value, desired: Value) -> (exchanged: Bool, original: Value) {
        requireWritable()
        var seen = cell.word.acquire()
        while true {
            let original = Value(cellWord: seen)
            guard original.cellWord == expected.cellWord else { return (false, original) }
            let (exchanged, now) = cell.word.compareExchange(seen, desired.cellWord)
            if exchanged {
                noteChange()
                return (true, original)
            }
            seen = now
        }
    }

    /// Replaces the value by what `change` makes of it, however many others do the same. Returns the value before.
    @inlinable @inline(__always)
    func fetchModify(_ change: (Value) -> Value) -> Value {
        requireWritable()
        var seen = cell.word.relaxed()
        while true {
            let old = Value(cellWord: seen)
            let (exchanged, now) = cell.word.compareExchange(seen, change(old).cellWord)
            if exchanged {
                noteChange()
                return old
            }
            seen = now
        }
    }

    @inlinable @inline(__always)
    func requireWritable() {
        precondition(policy <= 1, "a store that was opened read-only cannot be written")
    }
}

extension SharedValue where Value: CellScalar & FixedWidthInteger {
    /// Adds, wrapping around; returns the value before.
    ///
    /// One fetch-and-add of the whole word: what runs over from a narrow integer into the word's unused bytes is
    /// never looked at.
    @inlinable @inline(__always) @discardableResult
    public func add(_ operand: Value) -> Value {
        requireWritable()
        let old = cell.word.add(operand.cellWord)
        noteChange()
        return Value(cellWord: old)
    }

    /// Subtracts, wrapping around; returns the value before.
    @inlinable @inline(__always) @discardableResult
    public func subtract(_ operand: Value) -> Value {
        requireWritable()
        let old = cell.word.add(0 &- operand.cellWord)
        noteChange()
        return Value(cellWord: old)
    }

    /// Bitwise and; returns the value before.
    @inlinable @discardableResult
    public func and(_ operand: Value) -> Value {
        requireWritable()
        let old = cell.word.formAnd(operand.cellWord)
        noteChange()
        return Value(cellWord: old)
    }

    /// Bitwise or; returns the value before.
    @inlinable @discardableResult
    public func or(_ operand: Value) -> Value {
        requireWritable()
        let old = cell.word.formOr(operand.cellWord)
        noteChange()
        return Value(cellWord: old)
    }

    /// Bitwise exclusive or; returns the value before.
    @inlinable @discardableResult
    public func xor(_ operand: Value) -> Value {
        requireWritable()
        let old = cell.word.formXor(operand.cellWord)
        noteChange()
        return Value(cellWord: old)
    }
}

extension SharedValue where Value: CellScalar & Comparable {
    /// Keeps the smaller of the value and the operand; returns the value before.
    @inlinable @discardableResult
    public func min(_ operand: Value) -> Value { fetchModify { Swift.min($0, operand) } }

    /// Keeps the larger of the value and the operand; returns the value before.
    @inlinable @discardableResult
    public func max(_ operand: Value) -> Value { fetchModify { Swift.max($0, operand) } }
}

extension SharedValue where Value: CellScalar & BinaryFloatingPoint {
    /// Adds; returns the value before.
    @inlinable @discardableResult
    public func add(_ operand: Value) -> Value { fetchModify { $0 + operand } }

    /// Subtracts; returns the value before.
    @inlinable @discardableResult
    public func subtract(_ operand: Value) -> Value { fetchModify { $0 - operand } }
}

extension SharedValue where Value == Bool {
    /// And; returns the value before.
    @inlinable @discardableResult
    public func and(_ operand: Bool) -> Bool { fetchModify { $0 && operand } }

    /// Or; returns the value before.
    @inlinable @discardableResult
    public func or(_ operand: Bool) -> Bool { fetchModify { $0 || operand } }

    /// Exclusive or; returns the value before.
    @inlinable @discardableResult
    public func xor(_ operand: Bool) -> Bool { fetchModify { $0 != operand } }
}

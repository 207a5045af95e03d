/// Arrays of numbers and truth values: every operation on an element is one atomic step. An index out of bounds, and
/// writing through a read-only store, are programming errors and stop the program.
extension SharedArray where Element: CellScalar {
    /// The element at `index`, read or written atomically.
    @inlinable
    public subscript(index: Int) -> Element {
        @inline(__always) get { Element(cellWord: loadWord(index)) }
        @inline(__always) nonmutating set {
            requireWritable()
            storeWord(newValue.cellWord, index)
        }
    }

    /// A copy of the elements in the range; see `values(in:)`.
    @inlinable
    public subscript(range: Range<Int>) -> [Element] { range.map { self[$0] } }

    /// Replaces the element; returns the one before.
    @inlinable @discardableResult
    public func exchange(_ value: Element, at index: Int) -> Element { fetchModify(index) { _ in value } }

    /// Replaces the element with `desired` if its bits are those of `expected`.
    @inlinable @discardableResult
    public func compareExchange(
        at index: Int, expected: Element, desired: Element
    ) -> (exchanged: Bool, original: Element) {
        requireWritable()
        let element = element(index)
        settle()
        let (exchanged, original) = element.compareExchange(expected.cellWord, desired.cellWord)
        if exchanged { noteChange(index) }
        return (exchanged, Element(cellWord: original))
    }

    /// Replaces the element by what `change` makes of it; returns the one before.
    @inlinable @inline(__always)
    func fetchModify(_ index: Int, _ change: (Element) -> Element) -> Element {
        requireWritable()
        let element = element(index)
        settle()
        var seen = element.load()
        while true {
            let old = Element(cellWord: seen)
            let (exchanged, now) = element.compareExchange(seen, change(old).cellWord)
            if exchanged {
                noteChange(index)
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

extension SharedArray where Element: CellScalar & FixedWidthInteger {
    /// Adds to the element, wrapping around; returns the one before.
    @inlinable @inline(__always) @discardableResult
    public func add(_ operand: Element, at index: Int) -> Element {
        requireWritable()
        let element = element(index)
        settle()
        let old = element.add(operand.cellWord)
        noteChange(index)
        return Element(cellWord: old)
    }

    /// Subtracts from the element, wrapping around; returns the one before.
    @inlinable @discardableResult
    public func subtract(_ operand: Element, at index: Int) -> Element { add(0 &- operand, at: index) }

    /// Bitwise and; returns the element before.
    @inlinable @discardableResult
    public func and(_ operand: Element, at index: Int) -> Element { fetchModify(index) { $0 & operand } }

    /// Bitwise or; returns the element before.
    @inlinable @discardableResult
    public func or(_ operand: Element, at index: Int) -> Element { fetchModify(index) { $0 | operand } }

    /// Bitwise exclusive or; returns the element before.
    @inlinable @discardableResult
    public func xor(_ operand: Element, at index: Int) -> Element { fetchModify(index) { $0 ^ operand } }
}

extension SharedArray where Element: CellScalar & Comparable {
    /// Keeps the smaller of the element and the operand; returns the element before.
    @inlinable @discardableResult
    public func min(_ operand: Element, at index: Int) -> Element { fetchModify(index) { Swift.min($0, operand) } }

    /// Keeps the larger of the element and the operand; returns the element before.
    @inlinable @discardableResult
    public func max(_ operand: Element, at index: Int) -> Element { fetchModify(index) { Swift.max($0, operand) } }
}

extension SharedArray where Element: CellScalar & BinaryFloatingPoint {
    /// Adds to the element; returns the one before.
    @inlinable @discardableResult
    public func add(_ operand: Element, at index: Int) -> Element { fetchModify(index) { $0 + operand } }

    /// Subtracts from the element; returns the one before.
    @inlinable @discardableResult
    public func subtract(_ operand: Element, at index: Int) -> Element { fetchModify(index) { $0 - operand } }
}

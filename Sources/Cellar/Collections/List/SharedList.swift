/// A named list of plain values that any number of processes read and change, with room for `capacity` elements.
///
/// Reading takes no lock and sees whole elements, as of one moment. Changes are made under the list's lock, one after the other;
/// a process that is killed in the middle of one has made it or has not. Appending and removing at the end take the time of
/// one element, inserting and removing elsewhere that of copying the list.
///
/// Changes wait for the lock as long as the store's `lockTimeout` and then throw `.timedOut`, naming the holder. They throw
/// `.readOnly`, `.removed`, `.closed` too; and everything throws `.corruptSegment` for damaged memory.
public struct SharedList<Element: BitwiseCopyable>: Sendable {
    @usableFromInline let core: ListCore
    @usableFromInline let checked: Schema?

    @usableFromInline
    init(_ core: ListCore, checked: Schema?) {
        self.core = core
        self.checked = checked
    }

    /// The most elements.
    public var capacity: Int { core.shape.capacity }
    /// Whether the list was removed since the handle was made.
    public var isRemoved: Bool { core.isRemoved }

    /// Waits until the list, and everything else stored before, is on disk. See `Store.sync`.
    public func sync(timeout: Duration = .seconds(30)) throws(StoreError) { try core.attachment.sync(timeout: timeout) }

    // MARK: Reading

    /// How many elements there are. O(1).
    public var count: Int { get throws(StoreError) { try core.count() } }
    /// Whether there are none. O(1).
    public var isEmpty: Bool { get throws(StoreError) { try core.count() == 0 } }

    /// The element at `index`; throws `.invalidValue` if there is none, or its bytes are no value of the type. O(1).
    @inlinable
    public subscript(index: Int) -> Element {
        get throws(StoreError) {
            unsafe try withElement { (target) throws(StoreError) in
                unsafe try core.copyElement(index, to: target)
                return true
            }!
        }
    }

    /// The first element; nil if there is none. O(1).
    public var first: Element? {
        get throws(StoreError) {
            do throws(StoreError) { return try self[0] } catch {
                if error.code == .invalidValue, try isEmpty { return nil }
                throw error
            }
        }
    }

    /// The last element; nil if there is none. O(1).
    @inlinable
    public var last: Element? {
        get throws(StoreError) {
            unsafe try withElement { (target) throws(StoreError) in unsafe try core.copyLast(to: target) }
        }
    }

    /// All elements, as of one moment. O(n). Takes the lock only where the list was changed again and again meanwhile.
    public func elements() throws(StoreError) -> [Element] {
        let bytes = try core.bytes()
        let stride = MemoryLayout<Element>.stride
        let result = unsafe [Element](unsafeUninitializedCapacity: bytes.count / stride) { buffer, count in
            if !bytes.isEmpty { unsafe UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes) }
            count = bytes.count / stride
        }
        if let checked {
            unsafe try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in
                var offset = 0
                while offset < bytes.count {
                    unsafe try checked.check(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + stride]))
                    offset += stride
                }
            }
        }
        return result
    }

    /// Calls `body` with each element of a moment. O(n) memory: the elements are copied first.
    public func forEach(_ body: (Element) throws -> Void) throws {
        for element in try elements() { try body(element) }
    }

    /// The index, at one moment, of the first element for which `predicate` is true; nil if there is none. O(n).
    public func firstIndex(where predicate: (Element) throws -> Bool) throws -> Int? {
        try elements().firstIndex(where: predicate)
    }

    // MARK: Changing

    /// Puts an element behind the last. `.limitReached` if the list is full. O(1).
    @inlinable
    public func append(_ element: Element) throws(StoreError) {
        unsafe try withBytes(of: element) { (bytes) throws(StoreError) in unsafe try core.append(bytes, count: 1) }
    }

    /// Puts elements behind the last, all in one step. `.limitReached`, and none, if there is no room for all. O(n).
    public func append(contentsOf elements: some Sequence<Element>) throws(StoreError) {
        var bytes: [UInt8] = []
        var count = 0
        for element in elements {
            unsafe try withBytes(of: element) { (element) throws(StoreError) in
                unsafe bytes.append(
                    contentsOf: UnsafeRawBufferPointer(start: element, count: MemoryLayout<Element>.stride))
            }
            count += 1
        }
        unsafe try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in
            if let start = bytes.baseAddress { unsafe try core.append(start, count: count) }
        }
    }

    /// Replaces the element at `index`, whole; `.invalidValue` if there is none. O(1).
    @inlinable
    public func set(_ element: Element, at index: Int) throws(StoreError) {
        unsafe try withBytes(of: element) { (bytes) throws(StoreError) in unsafe try core.set(bytes, at: index) }
    }

    /// Puts an element before the one at `index`, or behind the last if that is the count; `.invalidValue` if it is neither;
    /// `.limitReached` if the list is full. O(n).
    @inlinable
    public func insert(_ element: Element, at index: Int) throws(StoreError) {
        unsafe try withBytes(of: element) { (bytes) throws(StoreError) in unsafe try core.insert(bytes, at: index) }
    }

    /// Removes and returns the element at `index`; `.invalidValue` if there is none. O(n).
    @inlinable @discardableResult
    public func remove(at index: Int) throws(StoreError) -> Element {
        unsafe try withElement { (target) throws(StoreError) in
            unsafe try core.remove(at: index, to: target)
            return true
        }!
    }

    /// Removes and returns the last element; nil if there is none. O(1).
    @inlinable @discardableResult
    public func removeLast() throws(StoreError) -> Element? {
        unsafe try withElement { (target) throws(StoreError) in unsafe try core.removeLast(to: target) }
    }

    /// Removes all elements. O(1).
    public func removeAll() throws(StoreError) { try core.removeAll() }

    // MARK: Parts

    /// The element's bytes, with what lies between it and the next as zeros.
    @inlinable
    func withBytes(of element: Element, _ body: (UnsafeRawPointer) throws(StoreError) -> Void) throws(StoreError) {
        unsafe try withUnsafeTemporaryAllocation(
            byteCount: MemoryLayout<Element>.stride, alignment: max(MemoryLayout<Element>.alignment, 8)
        ) { (buffer) throws(StoreError) in
            let start = unsafe buffer.baseAddress.unsafelyUnwrapped
            unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<Element>.stride)
            unsafe start.storeBytes(of: element, as: Element.self)
            unsafe try body(UnsafeRawPointer(start))
        }
    }

    /// The element that `body` copies to where it is told; nil if it says that there is none.
    @inlinable
    func withElement(
        _ body: (UnsafeMutableRawPointer) throws(StoreError) -> Bool
    ) throws(StoreError) -> Element? {
        unsafe try withUnsafeTemporaryAllocation(
            byteCount: MemoryLayout<Element>.stride, alignment: max(MemoryLayout<Element>.alignment, 8)
        ) { (buffer) throws(StoreError) -> Element? in
            guard unsafe try body(buffer.baseAddress.unsafelyUnwrapped) else { return nil }
            if let checked { unsafe try checked.check(UnsafeRawBufferPointer(buffer)) }
            return unsafe buffer.baseAddress.unsafelyUnwrapped.load(as: Element.self)
        }
    }
}

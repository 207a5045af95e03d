/// The entries of a range in order, as of the moment in which `SharedTable.entries` was called: a sequence to walk through
/// once, in one thread.
///
/// An element is a `Result`: `try entry.get()` is key and value, or says what is damaged; after an error in the walk itself
/// there are no more.
///
/// The snapshot is kept until the sequence goes away. For so long the space of what is overwritten or removed is not used again,
/// and the file grows; this process's map cannot grow, so that its writes that need more room wait, and time out in the end;
/// and the store cannot be closed. For a walk of minutes, `scan` piece by piece. In a store opened read-only the entries
/// are copied at once, since nobody knows of that reader.
public struct TableEntries<Key: TableKey, Value: Sendable>: Sequence, IteratorProtocol {
    public typealias Element = Result<(key: Key, value: Value), StoreError>

    private var walk: TableWalk?
    private var copies: Array<(key: Key, value: Value)>.Iterator
    private let codec: ValueCodec<Value>

    init(_ walk: TableWalk?, copies: [(key: Key, value: Value)], _ codec: ValueCodec<Value>) {
        self.walk = walk
        self.copies = copies.makeIterator()
        self.codec = codec
    }

    /// The next entry; nil at the end. O(1).
    public mutating func next() -> Element? {
        guard let walk else { return copies.next().map { .success($0) } }
        do throws(StoreError) {
            guard try walk.cursor.goOn() else {
                self.walk = nil
                return nil
            }
        } catch {
            self.walk = nil
            return .failure(error)
        }
        do throws(StoreError) {
            let entry = unsafe TableEntry<Key, Value>(
                walk.cursor.key.bytes, walk.cursor.value.bytes, codec, codec.plainCount)
            return .success((try entry.key(), try entry.value()))
        } catch { return .failure(error) }
    }
}

/// A cursor, and the read that it walks in.
final class TableWalk {
    private let read: KeptRead
    var cursor: RangeCursor

    init(_ read: KeptRead, _ cursor: RangeCursor) {
        self.read = read
        self.cursor = cursor
    }

    deinit { if !read.isForked { cursor.close() } }
}

extension RangeCursor {
    /// Goes to the next entry; false at the end.
    mutating func goOn() throws(StoreError) -> Bool {
        if advance() { return true }
        try check()
        return false
    }
}

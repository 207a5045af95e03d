import Glibc
import Synchronization

/// A store: named values and arrays that the programs on a machine share, and that are there after a restart.
///
/// A store is a directory. Whoever opens the same directory sees the same cells. While the machine runs, the truth is
/// in shared memory, where reading and writing cost what memory costs; checkpoints copy what changed to disk, and after
/// a restart cells come back from there when they are first asked for.
///
/// A store object can be used from any thread. Handles that it gave out stay usable after it is gone.
public final class Store: Sendable {
    /// How a store is opened.
    public typealias Options = StoreOptions

    @usableFromInline let attachment: Attachment
    private let isOpen = OpenFlag()

    /// The store's directory, as it was given.
    public let path: String

    private init(path: String, _ attachment: Attachment) {
        self.path = path
        self.attachment = attachment
    }

    deinit { close() }

    // MARK: Life

    /// Opens the store at `path`, making it if there is none (and `options.creates`).
    ///
    /// Takes the same time however many cells there are. Opening a store that this process has open already shares what
    /// it has, under the options it was opened with first. May wait for other processes that are opening it, as long as
    /// `options.lockTimeout`.
    ///
    /// Throws `.noSuchStore`, `.notAStore`, `.permissionDenied`, `.networkFileSystem`, `.segmentElsewhere` (it is open in
    /// another container), `.corruptSegment`, `.corruptDatabase`, `.incompatible`, `.memoryFull`, `.diskFull`,
    /// `.limitReached`, `.inUse`. Nothing that throws changes what is stored.
    public static func open(_ path: String, _ options: Options = Options()) throws(StoreError) -> Store {
        let isReadOnly = options.access == .readOnly
        let directory: StoreDirectory
        if isReadOnly || !options.creates {
            directory = try StoreDirectory(existing: path)
            guard directory.ownership != nil else {
                throw StoreError(.noSuchStore, "there is no store in '\(path)': it has no data.mdb")
            }
        } else {
            directory = try StoreDirectory.prepare(path, mode: mode_t(options.mode))
        }
        let attachment = try AttachmentRegistry.attachment(directory, isReadOnly: isReadOnly) { () throws(StoreError) in
            let opening = Opening(directory: directory, options: options)
            return isReadOnly ? try opening.look() : try opening.attach()
        }
        return Store(path: path, attachment)
    }

    /// Ends this object's use of the store. The last one of the process detaches: what it changed goes to disk first if
    /// this process is the checkpointer, else with the next checkpoint of another process. The store stays in memory for
    /// whoever opens it next. Closing twice does nothing.
    public func close() {
        if isOpen.clear() { AttachmentRegistry.release(attachment) }
    }

    /// Removes the store at `path` with all that is in it, from memory and from disk. Throws `.inUse` if a process has
    /// it open. Files in its directory that are not the store's are left, and the directory with them.
    public static func remove(_ path: String) throws(StoreError) {
        try Closing(directory: try StoreDirectory(existing: path)).remove()
    }

    /// Forgets what is in memory and was not written to disk, volatile cells included, as a restart of the machine
    /// would: for a store whose segment is damaged, and for tests. Throws `.inUse` if a process has the store open.
    public static func discardSegment(of path: String) throws(StoreError) {
        try Closing(directory: try StoreDirectory(existing: path)).discardSegment()
    }

    // MARK: Durability

    /// Waits until everything that any process stored before the call is on disk.
    ///
    /// Wakes the checkpointer at once; callers at the same time, in any process, share one disk write. Throws `.timedOut`
    /// after `timeout` (naming what it waited for), `.diskFull`, `.ownerDied` if an array was left half written by a
    /// process that died. Nothing is lost by a failure while the machine runs: call it again.
    public func sync(timeout: Duration = .seconds(30)) throws(StoreError) { try attachment.sync(timeout: timeout) }

    // MARK: Cells

    /// The value cell `name`: the one that is there, or a new one holding `initial`.
    ///
    /// Throws `.mismatch`, saying both sides, if the cell holds another type, is an array, or has another persistence;
    /// `.invalidName`; `.unsupportedType`, naming the field. Finding a cell that is in memory takes no lock.
    @inlinable
    public func value<Value: BitwiseCopyable>(
        _ name: String, initial: @autoclosure () -> Value, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedValue<Value> {
        let wish = CellWish(kind: .value, type: try SchemaKey.of(Value.self), count: 1, persistence: persistence)
        if let cell = try attachment.findInMemory(name, wish) {
            return SharedValue(cell, attachment, image: nil, type: wish.type)
        }
        let value = initial()
        let found = try attachment.findOrCreate(name, wish) { reference in
            unsafe withUnsafeBytes(of: value) { unsafe reference.setInitial($0) }
        }
        return SharedValue(found.reference, attachment, image: found.image, type: wish.type)
    }

    /// The value cell `name`, which must be there: `.noSuchCell` otherwise.
    @inlinable
    public func value<Value: BitwiseCopyable>(
        _ name: String, of type: Value.Type = Value.self
    ) throws(StoreError) -> SharedValue<Value> {
        let wish = CellWish(kind: .value, type: try SchemaKey.of(type), count: 1, persistence: nil)
        if let cell = try attachment.findInMemory(name, wish) {
            return SharedValue(cell, attachment, image: nil, type: wish.type)
        }
        let found = try attachment.find(name, wish)
        return SharedValue(found.reference, attachment, image: found.image, type: wish.type)
    }

    /// The array cell `name`: the one that is there, or a new one of `count` elements of zero bytes. Throws as `value`,
    /// and `.mismatch` if it has another count.
    @inlinable
    public func array<Element: BitwiseCopyable>(
        _ name: String, of type: Element.Type = Element.self, count: Int, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedArray<Element> {
        precondition(count > 0, "an array has at least one element")
        let wish = CellWish(kind: .array, type: try SchemaKey.of(type), count: count, persistence: persistence)
        if let cell = try attachment.findInMemory(name, wish) {
            return SharedArray(cell, attachment, image: nil, type: wish.type)
        }
        try wish.requireZeroIsValue()
        let found = try attachment.findOrCreate(name, wish) { _ in }
        return SharedArray(found.reference, attachment, image: found.image, type: wish.type)
    }

    /// The array cell `name`, of whatever count, which must be there: `.noSuchCell` otherwise.
    @inlinable
    public func array<Element: BitwiseCopyable>(
        _ name: String, of type: Element.Type = Element.self
    ) throws(StoreError) -> SharedArray<Element> {
        let wish = CellWish(kind: .array, type: try SchemaKey.of(type), count: nil, persistence: nil)
        if let cell = try attachment.findInMemory(name, wish) {
            return SharedArray(cell, attachment, image: nil, type: wish.type)
        }
        let found = try attachment.find(name, wish)
        return SharedArray(found.reference, attachment, image: found.image, type: wish.type)
    }

    /// Whether a cell has the name, in memory or on disk.
    public func contains(_ name: String) throws(StoreError) -> Bool { try attachment.info(of: name) != nil }

    /// Removes the cell. Handles that others have of it go on reading and writing memory that nobody else looks at.
    /// It is gone from the disk with the next checkpoint. `.noSuchCell` if there is none.
    public func remove(_ name: String) throws(StoreError) { try attachment.remove(name) }

    /// Renames the cell; handles stay what they are. `.noSuchCell`, `.cellExists`, `.invalidName`.
    public func rename(_ name: String, to newName: String) throws(StoreError) {
        try attachment.rename(name, to: newName)
    }

    /// All cells, in memory and on disk, by name in the order of their UTF-8 bytes. O(n log n).
    /// Throws what is wrong with the first that cannot be read.
    public func cells() throws(StoreError) -> [CellInfo] { try attachment.cells() }

    /// The same of a store that may be damaged: what can be read, and what is wrong with the rest. Throws only where nothing
    /// can be told. O(n log n).
    public func listing() throws(StoreError) -> CellListing { try attachment.listing() }

    // MARK: Looking inside

    /// The processes that have the store open to write, and those that died and were not noticed yet.
    public func attachments() -> [AttachmentInfo] {
        attachment.segment.map { ProcessTable(segment: $0).attachments() } ?? []
    }
}

/// A flag that can be cleared once.
private final class OpenFlag: Sendable {
    private let isSet = Atomic<Bool>(true)
    func clear() -> Bool { isSet.exchange(false, ordering: .acquiringAndReleasing) }
}

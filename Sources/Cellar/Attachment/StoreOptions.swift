import Logging

/// How a store is opened.
public struct StoreOptions: Sendable {
    /// Whether this process may change the store.
    public enum Access: Sendable {
        /// Reads and writes; makes the store if need be.
        case readWrite
        /// The segment is mapped `PROT_READ` and no file is written: looking leaves no trace. Of a store at rest,
        /// or a cell that nobody has brought into memory, a read-only store shows what the disk has.
        case readOnly
    }

    /// Whether this process only looks.
    public var access: Access = .readWrite
    /// Whether to make the store if there is none. Never with `readOnly`.
    public var creates = true
    /// How long changes may stay in memory before they are written to disk.
    public var checkpointInterval: Duration = .milliseconds(100)
    /// Bytes of addresses to reserve: the most the segment can grow to while this process has it open. Costs no
    /// memory.
    public var addressReserve: Int = 64 << 30
    /// Whether memory that this process adds to the segment is put in pages of 2 MiB, where the system does that (Linux 6.1 or
    /// later). Reading a large dictionary at random is then up to a fifth faster, for all processes; but whoever needs
    /// more memory waits some milliseconds for each 2 MiB, and others who need some at that time wait as well.
    public var prefersLargePages = false
    /// Permission bits of a new store's files; its directory gets the same with execution where there is reading.
    /// 0600 (only the owner) unless said otherwise, whatever the umask.
    public var mode: UInt32 = 0o600
    /// The name of this process in messages and in the list of attached processes; by default its program's.
    public var processName: String?
    /// The longest wait for a lock before an operation throws `.timedOut`.
    public var lockTimeout: Duration = .seconds(10)
    /// Where the store says what it noticed (a dead process cleaned up, a checkpoint that failed). Silent by
    /// default.
    public var logger: Logger?

    /// The defaults.
    public init() {}

    /// Options for looking without leaving a trace.
    public static var readOnly: StoreOptions {
        var options = StoreOptions()
        options.access = .readOnly
        options.creates = false
        return options
    }
}

/// Whether a cell outlives the machine's next start.
public enum Persistence: String, Sendable, Hashable, CaseIterable {
    /// Written to disk by checkpoints.
    case persistent
    /// Kept in shared memory only: outlives every process, but not a restart of the machine.
    case volatile
}

/// What went wrong in a store, with which name, and what to do about it.
///
/// `code` is for programs to branch on; `message` is one line for a person. Errors never carry anything that must be
/// released, and are the same in every process that meets the same state.
public struct StoreError: Error, Hashable, Sendable {
    /// The kind of failure. More kinds may come: switch with a `default`.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// There is no store at the path.
        case noSuchStore
        /// Something other than a store is at the path, or one of its files is not what it should be.
        case notAStore
        /// The store is held by processes that the operation needs gone, or its lock stayed taken.
        case inUse
        /// A living process holds the store, but its segment cannot be seen from here.
        case segmentElsewhere
        /// The store lies on a file system on which memory maps and locks are not reliable.
        case networkFileSystem
        /// The operating system refused access.
        case permissionDenied
        /// The segment or the database was written by another format version or kind of machine.
        case incompatible
        /// Bytes in the segment are not what they should be.
        case corruptSegment
        /// Bytes in the database are not what they should be.
        case corruptDatabase
        /// No cell has the name.
        case noSuchCell
        /// A cell has the name already.
        case cellExists
        /// The name is empty, too long, or has characters that a name cannot have.
        case invalidName
        /// The type cannot be shared: a field of it is a pointer, a reference or otherwise bound to one process.
        case unsupportedType
        /// The cell holds another type, kind, count or persistence than the one asked for.
        case mismatch
        /// A value does not fit its type: bad text, or bits that are no value of the type.
        case invalidValue
        /// Shared memory is used up.
        case memoryFull
        /// The disk is used up.
        case diskFull
        /// A fixed limit is reached: attached processes, cells.
        case limitReached
        /// A wait ended without what was waited for.
        case timedOut
        /// The previous holder of a lock died in the middle of a change.
        case ownerDied
        /// A barrier is broken: somebody who waited died, or waited long enough.
        case broken
        /// The store was opened read-only.
        case readOnly
        /// The store was closed.
        case closed
        /// The other end of a pipe was closed, or its process died.
        case peerGone
        /// The cell was removed since the handle was made.
        case removed
        /// The lease of a queue's item ended before the item was acknowledged.
        case leaseEnded
        /// A system call failed in a way that has no kind of its own.
        case systemFailure
        /// Something is at the path already, and is not overwritten.
        case pathExists
    }

    /// The kind of failure.
    public let code: Code
    /// One line: what is wrong, with which name, and what to do.
    public let message: String
    /// The `errno` of the system call behind the failure, or 0 where there was none.
    public let errno: Int32

    /// An error of a program's own codec or closure, or of the tool; the message is one line that says what to do.
    public init(_ code: Code, _ message: String, errno: Int32 = 0) {
        self.code = code
        self.message = message
        self.errno = errno
    }
}

extension StoreError: CustomStringConvertible {
    public var description: String { message }
}

extension StoreError {
    /// The same of what has the name, for errors of what knew of none.
    package func about(_ name: String) -> StoreError { StoreError(code, "'\(name)': \(message)", errno: errno) }

    /// The error itself if it is one; what it says otherwise.
    @usableFromInline
    init(wrapping error: any Error) {
        self = (error as? StoreError) ?? StoreError(.systemFailure, "\(error)")
    }
}

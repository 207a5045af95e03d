import Synchronization

/// The attachments of this process, so that the same store opened twice shares one.
enum AttachmentRegistry {
    private struct Key: Hashable {
        var device: UInt64
        var inode: UInt64
        var isReadOnly: Bool
        /// A forked child does not share with its parent.
        var forkGeneration: UInt64
    }

    /// Strong, and forgotten on closing: a weak reference would make every retain of an attachment, and so every lookup,
    /// several times dearer.
    private final class Table: Sendable {
        let entries = Mutex<[Key: Attachment]>([:])
    }

    /// One for each generation of forks, in turn: a forked child must not wait for a lock that a thread of its parent had,
    /// and that thread may open a store for long. No lineage of processes that fork without `exec` is so deep that it
    /// comes to a table of an ancestor who was opening just then.
    private static let tables = (0..<64).map { _ in Table() }

    private static func table(_ generation: UInt64) -> Table { tables[Int(generation % UInt64(tables.count))] }

    /// The attachment of this process to the store in `directory`, or the one that `open` makes. Opening is one at a
    /// time in a process, since two openings at once of one store could not share.
    static func attachment(
        _ directory: StoreDirectory, isReadOnly: Bool, open: () throws(StoreError) -> Attachment
    ) throws(StoreError) -> Attachment {
        let key = Key(
            device: directory.device, inode: directory.inode, isReadOnly: isReadOnly,
            forkGeneration: ForkGuard.begin())
        let result: Result<Attachment, StoreError> = table(key.forkGeneration).entries.withLock { entries in
            if let present = entries[key], present.retainOpen() { return .success(present) }
            entries[key] = nil
            do throws(StoreError) {
                let made = try open()
                entries[key] = made
                return .success(made)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// A store object that shared the attachment was closed; the last one detaches it. Nobody opens meanwhile.
    static func release(_ attachment: Attachment) {
        table(ForkGuard.begin()).entries.withLock { entries in
            guard attachment.releaseOpen() else { return }
            attachment.shutDown()
            for (key, present) in entries where present === attachment { entries[key] = nil }
        }
    }
}

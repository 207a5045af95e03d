import CCellar
import Glibc
import Logging

/// Opens a store: directory, locks, database, segment, in this order.
struct Opening {
    let directory: StoreDirectory
    let options: StoreOptions

    // MARK: To read and write

    /// Everything under the store's own lock, so that one process at a time makes or finds the segment.
    func attach() throws(StoreError) -> Attachment {
        try Database.refuseNetworkFileSystem(directory: directory.path)
        // Before any thread of ours runs: the kernel registers a process of one thread at once.
        _ = MemoryBarrier.isRegistered
        let mode = directory.ownership?.mode ?? mode_t(options.mode)
        let lock = try directory.lockForOpening(mode: mode, until: MonotonicClock.deadline(after: options.lockTimeout))
        defer { lock.release() }
        let alive = try FileLock(path: directory.aliveLockPath, creatingWith: mode)
        crashPoint("open: lock files made")
        let readers = try FileLock(path: directory.readersLockPath, creatingWith: mode)
        let catalogue = try openCatalogue(mode: mode, writers: readers)
        crashPoint("open: database open")
        // Looked at again, since the data file may have been made since, here or by another.
        guard let ownership = try StoreDirectory(existing: directory.path).ownership else { throw noData }
        let segment: Segment
        do throws(StoreError) {
            segment = try findOrMakeSegment(catalogue, alive: alive, ownership: ownership)
        } catch {
            // Not left to the closing of the file: a program that is just being started may have it open for an instant.
            alive.release()
            throw error
        }
        crashPoint("open: segment found or made")
        segment.note(place)
        return try Attachment(
            directory: directory, options: options, catalogue: catalogue, segment: segment, aliveLock: alive,
            readersLock: readers)
    }

    private func openCatalogue(mode: mode_t, writers: FileLock) throws(StoreError) -> Catalogue {
        var databaseOptions = Database.Options()
        databaseOptions.writers = writers
        databaseOptions.creates = options.creates
        databaseOptions.mode = mode
        let database = try Database.open(directory: directory.path, databaseOptions)
        return try Catalogue.open(database, creates: options.creates) { (catalogue, transaction) throws(StoreError) in
            // Before the store's first commit: nothing that is acknowledged later may be out of reach after a power cut.
            try directory.flushNames()
            try catalogue.set(.created, to: MonotonicClock.wall(), in: transaction)
            try giveIdentity(catalogue, in: transaction)
        }
    }

    /// For people, and for who clears up.
    private var place: SegmentPlace? {
        guard let path = MachineIdentity.absolutePath(directory.path) else { return nil }
        return SegmentPlace(
            path: path, device: directory.device, inode: directory.inode, mounts: MachineIdentity.mountNamespace())
    }

    /// Makes it a store of its own: of this directory, and with a segment that no other has.
    func giveIdentity(
        _ catalogue: Catalogue, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        try catalogue.set(.uuid, to: .random(), in: transaction)
        try catalogue.set(.device, to: directory.device, in: transaction)
        try catalogue.set(.inode, to: directory.inode, in: transaction)
    }

    /// Attaches to the segment of this boot, or makes it if nobody is alive who could have one.
    private func findOrMakeSegment(
        _ catalogue: Catalogue, alive: FileLock, ownership: Ownership
    ) throws(StoreError) -> Segment {
        var identity = try storeIdentity(catalogue)
        // Whoever was killed while it started a program is alive until that program runs.
        let patience = MonotonicClock.deadline(after: .milliseconds(100))
        var isAlone = try alive.tryExclusive()
        if identity.isCopy {
            // Everyone attached to this directory keeps its identity as it is.
            guard isAlone else { throw elsewhere }
            try catalogue.database.write { (transaction) throws(StoreError) in
                try giveIdentity(catalogue, in: transaction)
                crashPoint("open: identity given")
            }
            identity = try storeIdentity(catalogue)
        }
        let found = try Segment.find(
            identity.segment, reserve: options.addressReserve, isReadOnly: false, ownership: ownership)
        if case .living(let segment) = found {
            guard try alive.tryShared() else { throw elsewhere }
            return segment
        }
        if !isAlone { isAlone = try alive.exclusive(until: patience) }
        guard isAlone else { throw elsewhere }
        let segment = try Segment.create(
            identity.segment, reserve: options.addressReserve, ownership: ownership, nextUID: identity.nextUID)
        guard try alive.tryShared() else { throw elsewhere }
        return segment
    }

    private var elsewhere: StoreError {
        StoreError(
            .segmentElsewhere,
            "the store '\(directory.path)' is open in a process whose shared memory cannot be seen from here, most "
                + "likely in another container: let both use one /dev/shm (docker run --ipc=host, or --ipc=container:NAME)"
        )
    }

    private var noData: StoreError {
        StoreError(.noSuchStore, "there is no store in '\(directory.path)': it has no data.mdb")
    }

    // MARK: To look

    /// Writes nothing. Takes no lock: what is there is used as it is.
    func look() throws(StoreError) -> Attachment {
        guard let ownership = directory.ownership else { throw noData }
        var databaseOptions = Database.Options()
        databaseOptions.access = .readOnly
        let catalogue = try Catalogue.open(try Database.open(directory: directory.path, databaseOptions))
        let identity = try storeIdentity(catalogue)
        let segment = identity.isCopy ? nil : try findSegmentToLookAt(identity.segment, ownership)
        let readers = try? FileLock(lookingAt: directory.readersLockPath)
        try? readers?.shareByte(StoreDirectory.lookersByte)
        if let segment { try readers?.shareByte(segment.word(CELLAR_HEADER_NEXT_ATTACHMENT).acquire()) }
        return try Attachment(
            directory: directory, options: options, catalogue: catalogue, segment: segment, aliveLock: nil,
            readersLock: readers)
    }

    /// The segment, or nil for a store at rest. Where somebody is alive and there is none, it may just be being made.
    private func findSegmentToLookAt(_ identity: SegmentIdentity, _ ownership: Ownership) throws(StoreError) -> Segment?
    {
        let deadline = MonotonicClock.deadline(after: .seconds(1))
        while true {
            let found = try Segment.find(
                identity, reserve: options.addressReserve, isReadOnly: true, ownership: ownership)
            if case .living(let living) = found { return living }
            guard let alive = try? FileLock(lookingAt: directory.aliveLockPath), alive.isHeldElsewhere else {
                return nil
            }
            if MonotonicClock.now() >= deadline { throw elsewhere }
            usleep(1_000)
        }
    }

    // MARK: Identity

    struct StoreIdentity {
        var segment: SegmentIdentity
        var nextUID: UInt64
        /// The directory is not the one that was given the identity.
        var isCopy: Bool
    }

    func storeIdentity(_ catalogue: Catalogue) throws(StoreError) -> StoreIdentity {
        let boot = try MachineIdentity.bootID()
        return try catalogue.database.read { (transaction) throws(StoreError) in
            guard let store = try catalogue.value(of: .uuid, in: transaction) else {
                throw StoreError(
                    .corruptDatabase, "the store '\(directory.path)' has no identity: its 'meta' is damaged")
            }
            let device = try catalogue.value(of: .device, in: transaction)
            let inode = try catalogue.value(of: .inode, in: transaction)
            let nextUID = try catalogue.value(of: .nextUID, in: transaction)
            return StoreIdentity(
                segment: SegmentIdentity(store: store, boot: boot),
                nextUID: nextUID ?? 1, isCopy: device != directory.device || inode != directory.inode)
        }
    }
}

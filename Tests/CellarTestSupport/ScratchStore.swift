import Cellar
import Glibc
import Synchronization

/// A store of one test's own, with the processes that the test starts on it.
///
/// `withScratchStore` makes one, and takes everything away at the end, whatever happened: the workers, the directory,
/// the segment.
public final class ScratchStore: Sendable {
    /// A directory for the test's files.
    public let directory: String
    /// Where the store is, inside of it.
    public let path: String

    private struct State {
        var stores: [Store] = []
        var workers: [Worker] = []
        var identities: Set<String> = []
        var mounts: [String] = []
    }
    private let state = Mutex(State())
    private let copies = Atomic(0)

    fileprivate init() {
        var template = Array("/tmp/cellar-test-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe mkdtemp(buffer.baseAddress!).map { unsafe String(cString: $0) }
        }
        guard let made else { fatalError("mkdtemp: \(errno)") }
        directory = made
        path = made + "/store"
    }

    // MARK: Stores

    /// Opens the store in this process, and keeps it open until `closeAll` or the end.
    public func open(
        at other: String? = nil, _ change: (inout Store.Options) -> Void = { _ in }
    ) throws(StoreError) -> Store {
        var options = Store.Options()
        change(&options)
        let store = try Store.open(other ?? path, options)
        state.withLock { $0.stores.append(store) }
        note(try store.statistics().identity)
        return store
    }

    /// Opens it so that checkpoints only happen when asked for (and one at the beginning, which this asks for).
    public func openQuiet() throws(StoreError) -> Store {
        let store = try open { $0.checkpointInterval = .seconds(3600) }
        try store.sync()
        return store
    }

    public func openReadOnly() throws(StoreError) -> Store { try open { $0 = .readOnly } }

    /// Closes what `open` opened.
    public func closeAll() {
        let stores = state.withLock { state in
            let stores = state.stores
            state.stores = []
            return stores
        }
        for store in stores { store.close() }
    }

    /// Closes all, drops the segment as a reboot would, and opens the store again.
    public func reboot() throws(StoreError) -> Store {
        closeAll()
        try Store.discardSegment(of: path)
        return try open()
    }

    /// The path of a copy of what is on disk now: what a power cut would leave. Nobody may write to the disk meanwhile.
    public func copyOfDisk() throws -> String {
        let copy = "\(directory)/copy-\(copies.wrappingAdd(1, ordering: .relaxed).newValue)"
        _ = unsafe mkdir(copy, 0o700)
        let bytes = Files.read(path + "/data.mdb")
        guard Files.write(bytes, to: copy + "/data.mdb") >= 0 else { throw StoreError(.diskFull, copy) }
        return copy
    }

    /// Remembers a store's identity, so that its segment goes at the end whatever state it is in.
    public func note(_ identity: String) {
        guard identity.count == 32 else { return }
        state.withLock { _ = $0.identities.insert(identity) }
    }

    /// Mounts a small file system in the scratch directory, until the end. Nil where that is not allowed.
    public func mountSmall(_ name: String, bytes: Int) -> String? {
        let place = "\(directory)/\(name)"
        guard Files.mountSmall(at: place, bytes: bytes) else { return nil }
        state.withLock { $0.mounts.append(place) }
        return place
    }

    // MARK: Workers

    /// Starts a worker on the store: the command, the store's path, the command's own arguments.
    public func worker(
        _ command: String, _ arguments: CustomStringConvertible..., isolated: Bool = false
    ) throws -> Worker {
        try start([command, path] + arguments.map(\.description), isolated: isolated)
    }

    public func start(_ arguments: [String], isolated: Bool = false) throws -> Worker {
        let worker = try Worker(arguments, isolated: isolated)
        state.withLock { $0.workers.append(worker) }
        return worker
    }

    public func endWorkers() {
        let workers = state.withLock { state in
            let workers = state.workers
            state.workers = []
            return workers
        }
        for worker in workers { worker.signal(SIGCONT) }
        for worker in workers { worker.kill() }
    }

    /// For the watchdog: workers are gone, so that whoever waits for one learns it.
    fileprivate func killWorkers() {
        for worker in state.withLock({ $0.workers }) { worker.signal(SIGKILL) }
    }

    fileprivate func tearDown() {
        endWorkers()
        closeAll()
        // The store, and others that were made beside it.
        for name in Files.names(directory) where Files.exists("\(directory)/\(name)/data.mdb") {
            guard let store = try? Store.open("\(directory)/\(name)", .readOnly) else { continue }
            if let identity = try? store.statistics().identity { note(identity) }
            store.close()
        }
        let (identities, mounts) = state.withLock { ($0.identities, $0.mounts) }
        for identity in identities { unsafe unlink(Files.segmentPath(identity)) }
        for place in mounts { Files.unmount(place) }
        Files.removeTree(directory)
    }
}

/// Runs a test's body on a store of its own, under a watchdog. The limit is there so that a test that hangs ends, and
/// says nothing of how long one may take: a machine that is busy with other things may need ten times as long.
public func withScratchStore<Result>(
    seconds: Int = 300, function: String = #function, _ body: (ScratchStore) throws -> Result
) throws -> Result {
    signal(SIGPIPE, SIG_IGN)
    let scratch = ScratchStore()
    defer { scratch.tearDown() }
    let watchdog = Watchdog(seconds: seconds, function) { scratch.killWorkers() }
    let outcome = Swift.Result { try body(scratch) }
    try watchdog.finish()
    return try outcome.get()
}

import Cellar
import Glibc
import Synchronization

// What the machine itself does of what a store does more of.

/// A word that threads share.
final class BareWord: Sendable {
    private let word = Atomic<Int>(0)

    func load() -> Int { word.load(ordering: .acquiring) }
    func store(_ value: Int) { word.store(value, ordering: .releasing) }
    func add(_ value: Int) { word.wrappingAdd(value, ordering: .relaxed) }
}

/// Bytes in memory.
final class BareBlock<Value: BitwiseCopyable> {
    private var value: Value

    init(_ value: Value) { self.value = value }

    @inline(never) func load() -> Value { value }
}

/// A lock of the C library's.
@safe final class BareMutex {
    private let native: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        unsafe native = .allocate(capacity: 1)
        unsafe pthread_mutex_init(native, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(native)
        unsafe native.deallocate()
    }

    func lockAndUnlock() {
        unsafe pthread_mutex_lock(native)
        unsafe pthread_mutex_unlock(native)
    }
}

/// A file whose one page is written again and again.
final class BareFile {
    private let file: Int32
    private let page = [UInt8](repeating: 1, count: 4096)

    /// In the directory, without a name.
    init(in directory: String) throws {
        let path = directory + "/bench"
        file = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw ToolError(.cannotCreate, "cannot make a file in '\(directory)': \(SystemCall.reason(errno))")
        }
        unsafe unlink(path)
    }

    deinit { close(file) }

    func writePage() throws {
        let count = unsafe page.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress, $0.count, 0) }
        guard count == page.count, fsync(file) == 0 else {
            throw ToolError(.inputOutput, "cannot write to the disk: \(SystemCall.reason(errno))")
        }
    }
}

import Glibc

/// A POSIX shared-memory object, opened with distrust: no symbolic link, owner and mode as they should be.
final class SharedMemoryObject: Sendable {
    let name: String
    private let file: FileDescriptor

    private init(name: String, file: FileDescriptor) {
        self.name = name
        self.file = file
    }

    /// Makes a new object; fails if anything has the name. It belongs to whom the store belongs to, whatever the umask.
    static func create(_ name: String, for ownership: Ownership) throws(StoreError) -> SharedMemoryObject {
        let number = unsafe shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw .system("make the shared memory '\(name)'", errno) }
        let object = SharedMemoryObject(name: name, file: FileDescriptor(owning: number))
        try ownership.apply(to: object.file)
        return object
    }

    /// Opens the object, or nil if there is none. It must be what `ownership` covers: somebody else may have put it there.
    static func open(
        _ name: String, readOnly: Bool, for ownership: Ownership
    ) throws(StoreError) -> SharedMemoryObject? {
        // Without waiting, even if somebody put a pipe there.
        let flags = (readOnly ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC
        var number = unsafe shm_open(name, flags, 0)
        // For the instant in which somebody makes sure that it is not used.
        for _ in 0..<1_000 where number < 0 && errno == EWOULDBLOCK {
            usleep(1_000)
            number = unsafe shm_open(name, flags, 0)
        }
        if number < 0, errno == ENOENT { return nil }
        if number < 0, errno == ELOOP {
            throw StoreError(
                .permissionDenied,
                "the shared memory '/dev/shm\(name)' is a symbolic link, which Cellar never makes: remove it")
        }
        // The C library says EINVAL where there is a directory.
        if number < 0, errno == EISDIR || errno == EINVAL || errno == ENXIO {
            throw StoreError(
                .permissionDenied, "'/dev/shm\(name)' is not shared memory, and Cellar did not make it: remove it")
        }
        guard number >= 0 else { throw .system("open the shared memory '\(name)'", errno) }
        let object = SharedMemoryObject(name: name, file: FileDescriptor(owning: number))
        guard ownership.covers(try object.file.status()) else {
            throw StoreError(
                .permissionDenied,
                "the shared memory '/dev/shm\(name)' has another owner or a wider mode than its store: "
                    + "somebody else made it; remove it if you know that it is no longer used")
        }
        return object
    }

    /// Takes the name away; memory stays for those who have it mapped. False if there was none.
    @discardableResult
    static func unlink(_ name: String) throws(StoreError) -> Bool {
        if unsafe shm_unlink(name) == 0 { return true }
        guard errno == ENOENT else { throw .system("remove the shared memory '\(name)'", errno) }
        return false
    }

    /// Bytes that are really there.
    func size() throws(StoreError) -> Int { Int(try file.status().st_size) }

    /// Backs the bytes up to `size` with memory, so that a full /dev/shm is an error here and no SIGBUS later. Those before
    /// `start` are: the kernel would look at each page of them again.
    func grow(from start: Int, to size: Int) throws(StoreError) {
        guard size > start else { return }
        var result = posix_fallocate(file.number, start, size - start)
        while result == EINTR { result = posix_fallocate(file.number, start, size - start) }
        switch result {
        case 0: return
        case ENOSPC, ENOMEM, EFBIG:
            throw StoreError(
                .memoryFull,
                "shared memory is full: \(size) bytes do not fit in /dev/shm; make it larger "
                    + "(mount -o remount,size=… /dev/shm, or docker run --shm-size) or remove what is not needed",
                errno: result)
        default: throw .system("grow the shared memory '\(name)'", result)
        }
    }

    /// Bytes of a large page.
    static let largePage = 2 << 20

    /// Maps `reserve` bytes of addresses over the object, from a multiple of a large page on, so that memory can be in such.
    /// Only those below its size may be touched.
    func map(reserve: Int, readOnly: Bool) throws(StoreError) -> UnsafeMutableRawPointer {
        let place = unsafe mmap(
            nil, reserve + Self.largePage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let place = unsafe place, unsafe place != MAP_FAILED else { throw noAddresses(reserve) }
        let start = unsafe UnsafeMutableRawPointer(
            bitPattern: (UInt(bitPattern: place) + UInt(Self.largePage - 1)) & ~UInt(Self.largePage - 1))!
        let protection = readOnly ? PROT_READ : PROT_READ | PROT_WRITE
        let flags = MAP_SHARED | MAP_NORESERVE | MAP_FIXED
        guard unsafe mmap(start, reserve, protection, flags, file.number, 0) != MAP_FAILED else {
            let error = noAddresses(reserve)
            unsafe munmap(place, reserve + Self.largePage)
            throw error
        }
        let head = unsafe start - place
        let end = Rounding.up(reserve, to: 4096)
        if head > 0 { unsafe munmap(place, head) }
        if head + end < reserve + Self.largePage { unsafe munmap(start + end, reserve + Self.largePage - head - end) }
        return unsafe start
    }

    private func noAddresses(_ reserve: Int) -> StoreError {
        StoreError(
            .memoryFull,
            "cannot reserve \(reserve) bytes of addresses: open the store with a smaller addressReserve, "
                + "or raise the limit (ulimit -v)", errno: errno)
    }

    /// Puts the object's memory, as far as it fills large pages, in such, for all who have it mapped: fewer translations of
    /// addresses are to be looked up then. Who uses it meanwhile waits. Where the system does not do that, nothing changes.
    @unsafe
    func useLargePages(from start: Int, to end: Int, in map: UnsafeMutableRawPointer) {
        let first = Rounding.up(start, to: Self.largePage)
        let last = end & ~(Self.largePage - 1)
        // The number is the same on every kind of machine; the C library may be older than the advice (Linux 6.1).
        let collapse: Int32 = 25
        if first < last { unsafe madvise(map + first, last - first, collapse) }
    }
}

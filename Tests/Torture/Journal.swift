import Glibc
import Synchronization

/// What a worker is about to do and did, in a file that outlives it: the page cache keeps what a killed process wrote.
@safe
final class Journal {
    /// The words before those of the tracks.
    enum Field: Int {
        case operations, torn, lost, errors
        /// When the operation under way began, in nanoseconds; 0 between operations.
        case began
        /// The memory was dropped: what was not saved may be gone.
        case memoryDropped
        /// The director wants an end.
        case finish
        case timeouts
    }

    /// How far one item is: `begun` ≥ `done` ≥ `saved`.
    struct Track {
        let journal: Journal
        let first: Int
        var begun: Int {
            get { journal[first] }
            nonmutating set { journal[first] = newValue }
        }
        var done: Int {
            get { journal[first + 1] }
            nonmutating set { journal[first + 1] = newValue }
        }
        var saved: Int {
            get { journal[first + 2] }
            nonmutating set { journal[first + 2] = newValue }
        }
    }

    static let tracks = 110
    private static let words = 512
    private let memory: UnsafeMutablePointer<Atomic<Int>>

    init(_ path: String) throws {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0, ftruncate(file, off_t(Self.words * 8)) == 0 else { throw Failure("journal \(path): \(errno)") }
        defer { close(file) }
        let mapped = unsafe mmap(nil, Self.words * 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            throw Failure("journal \(path): \(errno)")
        }
        unsafe memory = mapped.assumingMemoryBound(to: Atomic<Int>.self)
    }

    deinit { _ = unsafe munmap(memory, Self.words * 8) }

    fileprivate subscript(_ index: Int) -> Int {
        get { unsafe memory[index].load(ordering: .sequentiallyConsistent) }
        set { unsafe memory[index].store(newValue, ordering: .sequentiallyConsistent) }
    }

    subscript(field: Field) -> Int {
        get { self[field.rawValue] }
        set { self[field.rawValue] = newValue }
    }

    func track(_ number: Int) -> Track {
        precondition(number < Self.tracks)
        return Track(journal: self, first: 16 + number * 3)
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

func nanoseconds() -> Int {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
}

import Cellar
import CellarTestSupport
import Glibc
import Synchronization

/// A queue that all workers put in and take from.
struct CommonQueue {
    let queue: SharedQueue<Checksummed>

    init(_ store: Store) throws {
        queue = try store.queue("common/queue", options: QueueOptions(capacity: 400, priorities: 3))
    }

    /// What is wrong, seen without a lock while others work.
    func fault() throws -> String? {
        let seen = try queue.elementsInOrder()
        if let torn = seen.first(where: { !$0.isWhole }) { return "the item \(torn.number) of the common queue" }
        return Set(seen.map(\.number)).count == seen.count ? nil : "the common queue, which has an item twice"
    }
}

/// What became of each item that was ever put: a byte each, in a file that outlives all workers.
@safe
final class QueueAccounts {
    /// | state | means |
    /// |---|---|
    /// | unsure | not put, or its put did not return: may be there or not |
    /// | there | its put returned |
    /// | ending | its acknowledge began |
    /// | gone | its acknowledge returned, or it was got for good |
    enum State: UInt8 { case unsure, there, ending, gone }

    static let itemsOfEach = 1 << 20
    private static let workers = 64
    private let memory: UnsafeMutablePointer<Atomic<UInt8>>

    init(_ directory: String) throws {
        let file = unsafe open(directory + "/queue-accounts", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0, ftruncate(file, off_t(Self.itemsOfEach * Self.workers)) == 0 else {
            throw Failure("the queue's accounts: \(errno)")
        }
        defer { close(file) }
        let size = Self.itemsOfEach * Self.workers
        let mapped = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            throw Failure("the queue's accounts: \(errno)")
        }
        unsafe memory = mapped.assumingMemoryBound(to: Atomic<UInt8>.self)
    }

    deinit { _ = unsafe munmap(memory, Self.itemsOfEach * Self.workers) }

    subscript(_ item: Int) -> State {
        get { State(rawValue: unsafe memory[item].load(ordering: .sequentiallyConsistent))! }
        set { unsafe memory[item].store(newValue.rawValue, ordering: .sequentiallyConsistent) }
    }

    /// Its put returned; somebody may have taken it by now.
    func noteThere(_ item: Int) {
        _ = unsafe memory[item].compareExchange(
            expected: State.unsure.rawValue, desired: State.there.rawValue, ordering: .sequentiallyConsistent)
    }

    /// While nobody works: what is wrong. With `isAfresh` what is there is what the disk had, and is believed.
    func settle(_ common: CommonQueue, _ journals: [Journal], isAfresh: Bool) throws -> [String] {
        var faults: [String] = []
        let seen = try common.queue.elementsInOrder()
        for item in seen where !item.isWhole { faults.append("the item \(item.number) is torn") }
        let numbers = Set(seen.map { Int($0.number) })
        if numbers.count != seen.count { faults.append("it has an item twice") }
        let gets = journals.map { $0.track(QueueWork.gets) }
        var allowed = gets.reduce(0) { $0 + $1.begun - $1.done }
        for (worker, journal) in journals.enumerated() {
            let start = worker * Self.itemsOfEach
            for item in start..<start + journal.track(QueueWork.puts).begun {
                let isThere = numbers.contains(item)
                if !isAfresh, self[item] == .gone, isThere { faults.append("the item \(item) is back") }
                if !isAfresh, self[item] == .there, !isThere {
                    allowed -= 1
                    if allowed < 0 { faults.append("the item \(item) is lost") }
                }
                self[item] = isThere ? .there : isAfresh ? .unsure : .gone
            }
        }
        for track in gets { track.done = track.begun }
        return faults
    }
}

/// What one worker does with the common queue.
struct QueueWork {
    /// The tracks in the worker's journal: numbers that were given to puts; items that were to be got for good, and were.
    static let puts = 102
    static let gets = 103

    private let accounts: QueueAccounts
    private let journal: Journal
    private let first: Int

    init(_ directory: String, _ worker: Int, _ journal: Journal) throws {
        accounts = try QueueAccounts(directory)
        self.journal = journal
        first = worker * QueueAccounts.itemsOfEach
    }

    typealias Fault = (Journal.Field, String)

    func step(_ common: CommonQueue, _ random: inout SeededRandom) throws -> Fault? {
        let queue = common.queue
        let most = Int.random(in: 1...5, using: &random)
        let priority = Int.random(in: 0..<3, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case ..<25: try put(queue, priority, delay: Bool.random(using: &random) ? .milliseconds(3) : nil)
        case ..<45: try put(queue, most, priority)
        case ..<55: return try get(queue, 1)
        case ..<65: return try get(queue, most)
        default: return try lease(queue, most, &random)
        }
        return nil
    }

    // MARK: Putting

    private func numbers(_ count: Int) -> Range<Int>? {
        let track = journal.track(Self.puts)
        let begun = track.begun
        guard begun + count <= QueueAccounts.itemsOfEach else { return nil }
        track.begun = begun + count
        return first + begun..<first + begun + count
    }

    private func put(_ queue: SharedQueue<Checksummed>, _ priority: Int, delay: Duration?) throws {
        guard let item = numbers(1)?.first else { return }
        let element = Checksummed(number: UInt64(item))
        if try queue.tryPut(element, priority: priority, delay: delay) { accounts.noteThere(item) }
    }

    private func put(_ queue: SharedQueue<Checksummed>, _ count: Int, _ priority: Int) throws {
        guard let items = numbers(count) else { return }
        let elements = items.map { Checksummed(number: UInt64($0)) }
        let done = try queue.put(contentsOf: elements, priority: priority, timeout: .zero)
        for item in items.prefix(done) { accounts.noteThere(item) }
    }

    // MARK: Taking

    private func fault(_ element: Checksummed) -> Fault? {
        guard element.isWhole, element.number < UInt64(64 * QueueAccounts.itemsOfEach) else {
            return (.torn, "the common queue gave a torn item")
        }
        let item = Int(element.number)
        return accounts[item] == .gone ? (.lost, "the common queue gave the item \(item) once more") : nil
    }

    private func get(_ queue: SharedQueue<Checksummed>, _ most: Int) throws -> Fault? {
        let track = journal.track(Self.gets)
        track.begun += most
        var got: [Checksummed] = []
        if most == 1 {
            if let element = try queue.tryGet() { got = [element] }
        } else {
            do throws(StoreError) { got = try queue.get(upTo: most, timeout: .zero) } catch {
                if error.code != .timedOut { throw error }
            }
        }
        for element in got {
            if let fault = fault(element) { return fault }
            accounts[Int(element.number)] = .gone
        }
        track.done += most
        return nil
    }

    private func lease(
        _ queue: SharedQueue<Checksummed>, _ most: Int, _ random: inout SeededRandom
    ) throws -> Fault? {
        let leases: [QueueLease<Checksummed>]
        do throws(StoreError) { leases = try queue.lease(upTo: most, timeout: .zero) } catch {
            if error.code == .timedOut { return nil }
            throw error
        }
        for lease in leases { if let fault = fault(lease.element) { return fault } }
        if Int.random(in: 0..<4, using: &random) == 0 {
            for lease in leases { try lease.reject(delay: most == 1 ? .milliseconds(2) : .zero) }
            return nil
        }
        for lease in leases { accounts[Int(lease.element.number)] = .ending }
        if Bool.random(using: &random) {
            try queue.acknowledge(leases)
        } else {
            for lease in leases { try lease.acknowledge() }
        }
        for lease in leases { accounts[Int(lease.element.number)] = .gone }
        return nil
    }
}

import CCellar
import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

/// Copies between private and shared memory, for all alignments and lengths.
struct SharedBytesTests {
    @Test func anyPlaceAndLength() {
        let size = 96
        let shared = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        let private1 = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        defer {
            unsafe shared.deallocate()
            unsafe private1.deallocate()
        }
        let source = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 1) }
        for start in 0..<17 {
            for count in 0...40 {
                for skew in [0, 1, 3] {
                    unsafe shared.initializeMemory(as: UInt8.self, repeating: 0xEE, count: size)
                    unsafe private1.initializeMemory(as: UInt8.self, repeating: 0xDD, count: size)
                    unsafe source.withUnsafeBytes {
                        unsafe SharedBytes.copyIn($0.baseAddress! + skew, shared + start, count: count)
                    }
                    unsafe SharedBytes.copyOut(shared + start, private1 + skew, count: count)
                    let there = unsafe Array(UnsafeRawBufferPointer(start: shared, count: size))
                    let back = unsafe Array(UnsafeRawBufferPointer(start: private1, count: size))
                    let expected = Array(source[skew..<skew + count])
                    guard Array(there[start..<start + count]) == expected, Array(back[skew..<skew + count]) == expected,
                        there[..<start].allSatisfy({ $0 == 0xEE }),
                        there[(start + count)...].allSatisfy({ $0 == 0xEE }),
                        back[..<skew].allSatisfy({ $0 == 0xDD }), back[(skew + count)...].allSatisfy({ $0 == 0xDD })
                    else {
                        Issue.record("start \(start), count \(count), skew \(skew)")
                        return
                    }
                }
            }
        }
    }

    @Test(arguments: [1, 2, 4, 8]) func elementsKeepToTheirWidth(stride: Int) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 24, alignment: 8)
        defer { unsafe memory.deallocate() }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0x11, count: 24)
        let element = unsafe SharedElement(memory + 8, stride: stride)
        let most = UInt64.max >> UInt64(64 - stride * 8)
        element.store(.max)
        #expect(element.load() == most)
        #expect(element.add(2) == most)
        #expect(element.load() == 1)
        #expect(element.compareExchange(2, 3).exchanged == false)
        #expect(element.compareExchange(1, most) == (true, 1))
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: memory, count: 24))
        #expect(bytes[..<8].allSatisfy { $0 == 0x11 } && bytes[(8 + stride)...].allSatisfy { $0 == 0x11 })
    }
}

/// Robust mutexes between threads of one process.
struct RobustMutexTests {
    private func withMutex(_ body: (RobustMutex) throws -> Void) rethrows {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
        defer { unsafe memory.deallocate() }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: 64)
        let mutex = unsafe RobustMutex(memory)
        #expect(!mutex.isSound, "zeros are no such mutex")
        #expect(mutex.initialize() == 0)
        #expect(mutex.isSound)
        try body(mutex)
    }

    private func word(_ outcome: RobustMutex.Outcome) -> String {
        switch outcome {
        case .locked: "locked"
        case .ownerDied: "ownerDied"
        case .busy: "busy"
        case .unusable(let number): "unusable \(number)"
        }
    }

    @Test func aThreadThatEndsHoldingItIsNoticed() throws {
        try withMutex { mutex in
            try NativeThread(name: "holder") { _ = mutex.tryLock() }.join()
            #expect(word(mutex.tryLock()) == "ownerDied")
            mutex.makeConsistent()
            mutex.unlock()
            #expect(word(mutex.lock(until: MonotonicClock.now())) == "locked")
            mutex.unlock()
            // Not made consistent, it is of no more use, and says so.
            try NativeThread(name: "holder") { _ = mutex.tryLock() }.join()
            #expect(word(mutex.lock(until: MonotonicClock.now())) == "ownerDied")
            mutex.unlock()
            #expect(word(mutex.tryLock()) == "unusable \(ENOTRECOVERABLE)")
        }
    }

    @Test func aDeadlineThatIsPast() {
        withMutex { mutex in
            #expect(word(mutex.tryLock()) == "locked")
            #expect(word(mutex.lock(until: MonotonicClock.now() - 1)) == "busy")
            #expect(word(mutex.lock(until: MonotonicClock.deadline(after: .milliseconds(5)))) == "busy")
            mutex.unlock()
        }
    }
}

/// Clocks, identities, file locks.
struct MachineTests {
    @Test func deadlinesOfAllSizes() {
        let now = MonotonicClock.now()
        #expect(MonotonicClock.deadline(after: .zero) >= now)
        #expect(MonotonicClock.deadline(after: .seconds(-5)) >= now)
        #expect(MonotonicClock.deadline(after: .seconds(Int64.max)) > now + 1_000_000_000)
        #expect(MonotonicClock.deadline(after: .seconds(Int64.max)) < .max)
        #expect(MonotonicClock.deadline(after: .milliseconds(1500)) >= now + 1_500_000_000)
    }

    @Test func identitiesAsText() throws {
        let identity = Identity.random()
        #expect(Identity(hexadecimal: identity.hexadecimal) == identity)
        #expect(identity.hexadecimal.count == 32)
        #expect(Identity(hexadecimal: "00000000-0000-0001-0000-000000000002") == Identity(high: 1, low: 2))
        for bad in [
            "", "1", "0000000000000001000000000000000g", "+0000000000000010000000000000002",
            "é000000000000001000000000000000",
        ] {
            #expect(Identity(hexadecimal: bad) == nil, "\(bad)")
        }
        #expect(try MachineIdentity.bootID() == MachineIdentity.bootID())
    }

    @Test func fileLocks() throws {
        try withScratchStore { scratch in
            let path = scratch.directory + "/lock"
            let first = try FileLock(path: path, creatingWith: 0o640)
            #expect(Files.mode(path) == 0o640)
            let second = try FileLock(path: path, creatingWith: 0o600)
            let looking = try FileLock(lookingAt: path)
            #expect(!looking.isHeldElsewhere)
            #expect(try first.tryShared() && second.tryShared())
            #expect(try !first.tryExclusive() && looking.isHeldElsewhere)
            second.release()
            #expect(try first.tryExclusive() && !second.tryShared())
            #expect(try !second.exclusive(until: MonotonicClock.now()))
            first.release()
            #expect(try second.exclusive(until: MonotonicClock.now()))
            #expect(!second.isHeldElsewhere, "one's own is nobody else's")
        }
    }

    /// Nothing follows a symbolic link to where somebody wants it.
    @Test func symbolicLinksAreRefused() throws {
        try withScratchStore { scratch in
            let link = scratch.directory + "/link"
            #expect(unsafe symlink("/etc/hostname", link) == 0)
            #expect(throws: StoreError.self) { try FileDescriptor.open(link, O_RDONLY) }
            #expect(throws: StoreError.self) { try FileLock(path: link, creatingWith: 0o600) }
            let name = "/cellar-\(Identity.random().hexadecimal)"
            #expect(unsafe symlink("/etc/hostname", "/dev/shm" + name) == 0)
            defer { unsafe unlink("/dev/shm" + name) }
            #expect {
                try SharedMemoryObject.open(
                    name, readOnly: true, for: Ownership(owner: getuid(), group: getgid(), mode: 0o600))
            } throws: {
                ($0 as? StoreError)?.code == .permissionDenied
            }
            #expect(throws: StoreError.self) {
                try SharedMemoryObject.create(name, for: Ownership(owner: geteuid(), group: getgid(), mode: 0o600))
            }
        }
    }

    @Test func aSharedMemoryObjectOfSomebodyElseIsRefused() throws {
        let name = "/cellar-\(Identity.random().hexadecimal)"
        let mine = Ownership(owner: geteuid(), group: getegid(), mode: 0o644)
        _ = try SharedMemoryObject.create(name, for: mine)
        defer { _ = try? SharedMemoryObject.unlink(name) }
        #expect(throws: StoreError.self) { try SharedMemoryObject.create(name, for: mine) }
        func isRefused(_ change: (inout Ownership) -> Void) -> Bool {
            var ownership = mine
            change(&ownership)
            do throws(StoreError) {
                return try SharedMemoryObject.open(name, readOnly: false, for: ownership) == nil
            } catch { return error.code == .permissionDenied }
        }
        #expect(!isRefused { _ in })
        #expect(isRefused { $0.mode = 0o600 })
        #expect(isRefused { $0.owner = 4711 })
        // Who may write the store may have made its segment.
        #expect(!isRefused { ($0.owner, $0.mode) = (4711, 0o664) })
        #expect(isRefused { ($0.owner, $0.group, $0.mode) = (4711, 4711, 0o664) })
        #expect(!isRefused { ($0.owner, $0.group, $0.mode) = (4711, 4711, 0o666) })
        #expect(try SharedMemoryObject.unlink(name))
        #expect(try !SharedMemoryObject.unlink(name))
    }
}

import CLMDB
import Glibc
import Synchronization

/// One copy of a database's newest snapshot, from LMDB through a pipe to a file: so who asked for it learns how far it is, and
/// can end it.
struct DatabaseCopy {
    let directory: String
    let file: FileDescriptor

    private static let piece = 1 << 20
    private static let attempts = 8

    /// Makes it, and flushes it. `report` is given the bytes so far; if it throws, that ends the copy. False if pages of the
    /// snapshot may have been used anew meanwhile, which a reader's slot in the lock file prevents.
    func run(_ report: (Int) throws(StoreError) -> Void) throws(StoreError) -> Bool {
        var options = Database.Options()
        options.access = .readOnly
        let looker = try Database.open(directory: directory, options)
        let outcome = Self.attempt { () throws(StoreError) in try copy(looker, report) }
        try looker.close()
        let isCertain = try outcome.get()
        while fsync(file.number) != 0 {
            guard errno == EINTR else { throw .system("write the copy of '\(directory)'", errno) }
        }
        return isCertain
    }

    private func copy(_ looker: Database, _ report: (Int) throws(StoreError) -> Void) throws(StoreError) -> Bool {
        let start = MonotonicClock.now()
        var code: Int32 = 0
        for _ in 0..<Self.attempts {
            let raw = try looker.enter(.reading)
            defer { looker.leaveReading(raw) }
            code = try pump(looker.environment, report)
            if code == 0 { return looker.isCertain(raw.identifier, since: start) }
            // The file outgrew the map just now: nothing was copied yet.
            if code != MDB_MAP_RESIZED { break }
        }
        if code == MDB_INCOMPATIBLE {
            throw .damaged("\(directory)/data.mdb", "some of its pages are neither in use nor free ('cellar check')")
        }
        throw .database(code, "copy the database", directory)
    }

    private static func attempt<Value>(_ body: () throws(StoreError) -> Value) -> Result<Value, StoreError> {
        do throws(StoreError) { return .success(try body()) } catch { return .failure(error) }
    }

    private final class Code: Sendable {
        let value = Atomic<Int32>(0)
    }

    /// Returns LMDB's code.
    private func pump(
        _ environment: RawEnvironment, _ report: (Int) throws(StoreError) -> Void
    ) throws(StoreError) -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .system("make a pipe", errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (outlet, inlet) = (ends[0], ends[1])
        let code = Code()
        let thread: NativeThread
        do throws(StoreError) {
            thread = try NativeThread(name: "cellar-copy") {
                code.value.store(environment.copy(to: inlet), ordering: .releasing)
                close(inlet)
            }
        } catch {
            for end in ends { close(end) }
            throw error
        }
        let outcome = Self.attempt { () throws(StoreError) in try drain(outlet, report) }
        // Ends the thread, if it is not at its end: it writes to nobody.
        close(outlet)
        thread.join()
        try outcome.get()
        return code.value.load(ordering: .acquiring)
    }

    private func drain(_ outlet: Int32, _ report: (Int) throws(StoreError) -> Void) throws(StoreError) {
        var piece = [UInt8](repeating: 0, count: Self.piece)
        var total = 0
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe read(outlet, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("read the copy of '\(directory)'", errno) }
            if count == 0 { return }
            try write(piece[..<count])
            total += count
            try report(total)
        }
    }

    private func write(_ bytes: ArraySlice<UInt8>) throws(StoreError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.write(file.number, bytes.baseAddress! + done, bytes.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("write the copy of '\(directory)'", errno) }
            done += count
        }
    }
}

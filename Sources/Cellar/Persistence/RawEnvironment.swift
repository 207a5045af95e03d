import CLMDB
import Glibc

/// An LMDB environment: the pointer, and the calls that need nothing else.
@safe
struct RawEnvironment: @unchecked Sendable {
    // LMDB's environment may be used from several threads; what may not happen at the same time is kept apart by `Database`.
    private let pointer: OpaquePointer
    let directory: String

    init(directory: String) throws(StoreError) {
        var created: OpaquePointer?
        let code = unsafe mdb_env_create(&created)
        guard code == 0, let created = unsafe created else { throw .database(code, "set up the database", directory) }
        unsafe pointer = created
        self.directory = directory
    }

    func configure(mapSize: Int, databases: UInt32, readers: UInt32) throws(StoreError) {
        try check(unsafe mdb_env_set_mapsize(pointer, mapSize), "set the map size")
        try check(unsafe mdb_env_set_maxdbs(pointer, databases), "set the number of tables")
        try check(unsafe mdb_env_set_maxreaders(pointer, readers), "set the number of readers")
    }

    func open(path: String, flags: Int32, mode: mode_t) throws(StoreError) {
        try check(unsafe mdb_env_open(pointer, path, UInt32(flags), mode), "open the database")
        // LMDB leaves this one file open for programs that the process starts: they could write the store.
        var file: Int32 = -1
        try check(unsafe mdb_env_get_fd(pointer, &file), "keep the database to this process")
        guard fcntl(file, F_SETFD, FD_CLOEXEC) == 0 else { throw .system("keep '\(path)' to this process", errno) }
    }

    func close() { unsafe mdb_env_close(pointer) }

    /// Begins a transaction, or returns LMDB's code.
    func begin(_ kind: RawTransaction.Kind) -> Result<RawTransaction, RawCode> {
        var begun: OpaquePointer?
        let code = unsafe mdb_txn_begin(pointer, nil, kind == .reading ? UInt32(MDB_RDONLY) : 0, &begun)
        guard code == 0, let begun = unsafe begun else { return .failure(RawCode(value: code)) }
        return .success(unsafe RawTransaction(begun, kind, RawTransaction.Status(directory: directory)))
    }

    /// Maps the file anew; 0 stands for the size that the file's header names. No transaction may be open.
    func setMapSize(_ size: Int) -> Int32 { unsafe mdb_env_set_mapsize(pointer, size) }

    /// Reads the header through the map, so it is for inside the gate.
    func info() -> MDB_envinfo {
        var info = unsafe MDB_envinfo()
        unsafe mdb_env_info(pointer, &info)
        return unsafe info
    }

    /// Writes what is committed to an open file or pipe, without the pages that are free.
    func copy(to file: Int32) -> Int32 { unsafe mdb_env_copyfd2(pointer, file, UInt32(MDB_CP_COMPACT)) }

    var lastTransaction: Int { unsafe info().me_last_txnid }

    func statistics() -> MDB_stat {
        var statistics = MDB_stat()
        unsafe mdb_env_stat(pointer, &statistics)
        return statistics
    }

    /// Frees the reader slots of processes that are gone; returns how many there were.
    func clearDeadReaders() throws(StoreError) -> Int {
        var dead: Int32 = 0
        try check(unsafe mdb_reader_check(pointer, &dead), "look for dead readers")
        return Int(dead)
    }

    /// How many reader slots are taken now.
    func readersInUse() -> Int { max(readerLines().count - 1, 0) }

    /// What LMDB says of its readers: a headline and a line for each, or one line that says that there are none.
    func readerLines() -> [String] {
        var lines: [String] = []
        _ = unsafe withUnsafeMutablePointer(to: &lines) { lines in
            unsafe mdb_reader_list(
                pointer,
                { line, context in
                    guard let line = unsafe line else { return 0 }
                    unsafe context!.assumingMemoryBound(to: [String].self).pointee.append(String(cString: line))
                    return 0
                }, lines)
        }
        return lines
    }

    func check(_ code: Int32, _ action: @autoclosure () -> String) throws(StoreError) {
        guard code == 0 else { throw .database(code, action(), directory) }
    }
}

/// A return code of LMDB that says what went wrong.
struct RawCode: Error, Equatable {
    let value: Int32
}

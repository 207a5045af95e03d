import CLMDB
import Glibc

extension StoreError {
    /// The error for a return code of LMDB, which is an `errno` when it is positive.
    ///
    /// - Parameters:
    ///   - action: what was being done, to read after "cannot": "commit to the database".
    ///   - directory: the store, so that the message says which.
    static func database(_ code: Int32, _ action: String, _ directory: String) -> StoreError {
        if code > 0 { return .system("\(action) of the store '\(directory)'", code) }
        let reason = unsafe String(cString: mdb_strerror(code))
        let prefix = "cannot \(action) of the store '\(directory)': "
        switch code {
        case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_BAD_DBI, MDB_BAD_TXN, MDB_PAGE_FULL, MDB_CURSOR_FULL:
            return StoreError(.corruptDatabase, prefix + reason + "; restore the store from a copy")
        case MDB_VERSION_MISMATCH, MDB_INCOMPATIBLE:
            return StoreError(.incompatible, prefix + reason + "; another version of LMDB or Cellar wrote it")
        case MDB_READERS_FULL, MDB_DBS_FULL, MDB_TXN_FULL, MDB_MAP_FULL, MDB_TLS_FULL:
            return StoreError(.limitReached, prefix + reason)
        case MDB_BAD_VALSIZE:
            return StoreError(.invalidValue, prefix + "a key or a value is empty or too long")
        case MDB_PANIC:
            return StoreError(
                .systemFailure, prefix + "an earlier write failed half way; close the store and open it again")
        default:
            return StoreError(.systemFailure, prefix + reason)
        }
    }

    /// The file at `path` is something else than the database of a store.
    static func foreign(_ path: String, _ reason: String) -> StoreError {
        StoreError(
            .notAStore,
            "'\(path)' is not the database of a store: \(reason); choose another directory, or move the file away")
    }

    /// The database at `path` is damaged.
    static func damaged(_ path: String, _ reason: String) -> StoreError {
        StoreError(.corruptDatabase, "the database '\(path)' is damaged: \(reason); restore the store from a copy")
    }
}

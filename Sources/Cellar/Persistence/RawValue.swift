import CLMDB

extension Span<UInt8> {
    /// Calls `body` with LMDB's description of these bytes. LMDB does not write through it.
    @unsafe
    func withRawValue<Result, Failure: Error>(_ body: (inout MDB_val) throws(Failure) -> Result) throws(Failure)
        -> Result
    {
        try unsafe withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws(Failure) in
            var value = unsafe MDB_val(
                mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            return try unsafe body(&value)
        }
    }
}

extension MDB_val {
    /// The bytes in the database's page: good until the transaction's next write, or its end.
    @unsafe
    var buffer: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: mv_data, count: mv_size) }
}

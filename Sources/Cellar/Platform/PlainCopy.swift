import CCellar

/// Copies between memory of which at most one thread writes at a time.
///
/// A processor hands on what was just written to a load only if one store covers all of it; else the load waits until the
/// stores have reached the cache. So how wide to copy depends on which side is fresh.
enum PlainCopy {
    /// From what this thread may just have written, in whatever pieces.
    @inline(__always) @unsafe
    static func copyFresh(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int) {
        guard count <= 128, count & 7 == 0 else { return unsafe target.copyMemory(from: source, byteCount: count) }
        unsafe cellar_copy_words(source, target, count)
    }

    /// From what was written a while ago, to what this thread is about to read.
    @inline(__always) @unsafe
    static func copySettled(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int) {
        guard count <= 128, count & 7 == 0 else { return unsafe target.copyMemory(from: source, byteCount: count) }
        unsafe cellar_copy_out(source, target, count)
    }
}

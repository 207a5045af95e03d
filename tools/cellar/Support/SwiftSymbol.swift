import Glibc

/// Names of functions as the linker knows them.
enum SwiftSymbol {
    /// As it stands in the source, if the name is Swift's; else as it is.
    static func readable(_ name: String) -> String {
        guard name.hasPrefix("$s"), let text = unsafe demangled(name, name.utf8.count, nil, nil, 0) else { return name }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    /// Of Swift's own runtime, in memory that is the caller's.
    @_silgen_name("swift_demangle")
    private static func demangled(
        _ name: UnsafePointer<CChar>, _ count: Int, _ buffer: UnsafeMutablePointer<CChar>?,
        _ bufferSize: UnsafeMutablePointer<Int>?, _ flags: UInt32
    ) -> UnsafeMutablePointer<CChar>?
}

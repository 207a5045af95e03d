import Glibc

/// What a directory lists.
package enum FileNames {
    /// All but `.` and `..`, in no order.
    package static func of(_ directory: String) throws(StoreError) -> [String] {
        guard let stream = unsafe opendir(directory) else { throw .system("look into '\(directory)'", errno) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

import Glibc

/// What is in a directory.
enum DirectoryListing {
    /// The names that are text, in no order.
    static func names(in path: String) throws -> [String] {
        guard let stream = unsafe opendir(path) else {
            throw ToolError(
                .noInput, "cannot look into \(path) (\(SystemCall.reason(errno))): name files to count instead")
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(validatingCString: $0) }
            }
            if let name, name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

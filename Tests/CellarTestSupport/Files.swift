import Glibc

/// Two ends of a connection that no child inherits.
func socketPair() -> (Int32, Int32)? {
    var ends: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    return unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 ? (ends[0], ends[1]) : nil
}

/// The few things that tests do with files.
public enum Files {
    public static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Permission bits.
    public static func mode(_ path: String) -> UInt32? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    public static func size(_ path: String) -> Int? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    public static func names(_ directory: String) -> [String] {
        guard let listing = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(listing) }
        var names: [String] = []
        while let entry = unsafe readdir(listing) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The paths of all files in a directory and those in it.
    public static func tree(_ directory: String) -> [String] {
        names(directory).flatMap { name in
            name.contains(".") ? ["\(directory)/\(name)"] : tree("\(directory)/\(name)")
        }
    }

    public static func read(_ path: String) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress!, $0.count) }
            if count <= 0 { return all }
            all.append(contentsOf: piece.prefix(count))
        }
    }

    public static func text(_ path: String) -> String { String(decoding: read(path), as: UTF8.self) }

    /// Writes the bytes at an offset, making the file if need be. Returns how many could be written.
    @discardableResult
    public static func write(_ bytes: [UInt8], to path: String, at offset: Int = 0, truncating: Bool = false) -> Int {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | (truncating ? O_TRUNC : 0), 0o600)
        guard file >= 0 else { return -1 }
        defer { close(file) }
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(file, $0.baseAddress! + done, $0.count - done, offset + done)
            }
            if count <= 0 { break }
            done += count
        }
        return done
    }

    public static func setSize(_ path: String, _ size: Int) { _ = unsafe truncate(path, size) }

    /// Removes a directory with everything in it, not across file systems' roots.
    public static func removeTree(_ path: String) {
        for name in names(path) {
            let entry = "\(path)/\(name)"
            var status = stat()
            guard unsafe lstat(entry, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR { removeTree(entry) } else { unsafe unlink(entry) }
        }
        unsafe rmdir(path)
    }

    /// Copies the files of one directory into a new one.
    public static func copyDirectory(_ source: String, to target: String) {
        unsafe mkdir(target, 0o700)
        for name in names(source) {
            write(read("\(source)/\(name)"), to: "\(target)/\(name)")
            unsafe chmod("\(target)/\(name)", Self.mode("\(source)/\(name)") ?? 0o600)
        }
    }

    /// What /dev/shm has of a store.
    public static func segmentPath(_ identity: String) -> String { "/dev/shm/cellar-\(identity)" }

    /// Mounts a small file system in memory; false where that is not allowed.
    public static func mountSmall(at path: String, bytes: Int) -> Bool {
        unsafe mkdir(path, 0o700)
        return unsafe mount("tmpfs", path, "tmpfs", 0, "size=\(bytes),mode=0700") == 0
    }

    public static func unmount(_ path: String) { unsafe umount2(path, 2 /* MNT_DETACH */) }

    /// Replaces bytes everywhere in a file by as many others. Returns how often.
    public static func replace(_ old: [UInt8], by new: [UInt8], in file: String) -> Int {
        let bytes = read(file)
        let places = bytes.indices.dropLast(old.count - 1).filter {
            bytes[$0] == old[0] && bytes[$0..<$0 + old.count].elementsEqual(old)
        }
        for place in places { write(new, to: file, at: place) }
        return places.count
    }
}

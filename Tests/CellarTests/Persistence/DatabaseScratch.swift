import Glibc

@testable import Cellar

/// A directory of one test's own, removed with everything in it.
final class DatabaseScratch {
    let path: String

    init() {
        var template = Array("/tmp/cellar-database-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe mkdtemp(buffer.baseAddress!).map { unsafe String(cString: $0) }
        }
        guard let made else { fatalError("mkdtemp: \(errno)") }
        path = made
    }

    deinit {
        for name in names { unsafe unlink("\(path)/\(name)") }
        unsafe rmdir(path)
    }

    var dataPath: String { "\(path)/data.mdb" }
    var lockPath: String { "\(path)/lock.mdb" }

    var names: [String] {
        guard let listing = unsafe opendir(path) else { return [] }
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

    func write(_ bytes: [UInt8], to name: String) {
        let file = unsafe open("\(path)/\(name)", O_RDWR | O_CREAT | O_TRUNC, 0o600)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        close(file)
    }

    func read(_ name: String) -> [UInt8] {
        guard let file = try? DatabaseFile(path: "\(path)/\(name)"), let count = try? file.byteCount() else {
            return []
        }
        return (try? file.bytes(at: 0, count: Int(count))) ?? []
    }

    func status(_ name: String) -> stat {
        var status = stat()
        unsafe stat("\(path)/\(name)", &status)
        return status
    }

    func database(_ change: (inout Database.Options) -> Void = { _ in }) throws(StoreError) -> Database {
        var options = Database.Options()
        options.creates = true
        change(&options)
        return try .open(directory: path, options)
    }

    func looker(_ change: (inout Database.Options) -> Void = { _ in }) throws(StoreError) -> Database {
        var options = Database.Options()
        options.access = .readOnly
        change(&options)
        return try .open(directory: path, options)
    }
}

extension Database {
    /// The named database, made if need be.
    func table(_ name: String) throws(StoreError) -> NamedDatabase {
        guard let table = try named(name, creates: true) else { throw StoreError(.noSuchCell, name) }
        return table
    }

    func put(_ value: [UInt8], for key: [UInt8], in table: NamedDatabase) throws(StoreError) {
        try write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            try transaction.put(value.span, for: key.span, in: table)
        }
    }

    func get(_ key: [UInt8], in table: NamedDatabase) throws(StoreError) -> [UInt8]? {
        try read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            try transaction.value(of: key.span, in: table)
        }
    }
}

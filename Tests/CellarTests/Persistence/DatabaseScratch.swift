import CellarTestSupport
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

    var names: [String] { Files.names(path) }

    func write(_ bytes: [UInt8], to name: String) { Files.write(bytes, to: "\(path)/\(name)", truncating: true) }

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

import CLMDB
import CellarTestSupport
import Glibc

/// Damages a database: its header pages, its length, what its records say, or the pages of its trees.
struct DatabaseMutation {
    enum Kind: String, CaseIterable {
        case header, length, record, page
    }

    let whole: [UInt8]

    /// Damages the file of a store that nobody has open. Returns in words what was done.
    func damage(_ directory: String, _ kind: Kind, _ random: inout SeededRandom) -> String {
        let path = directory + "/data.mdb"
        switch kind {
        case .record: return damageRecords(directory, &random)
        case .length:
            let length = Int.random(in: 0...whole.count, using: &random)
            Files.setSize(path, length)
            return "cut to \(length)"
        case .header, .page:
            var image = Image(bytes: whole)
            let story = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                kind == .header ? damageHeader(&image, &random) : damagePage(&image, &random)
            }
            Files.write(image.bytes, to: path, truncating: true)
            return story.joined(separator: ", ")
        }
    }

    // MARK: Bytes

    private func wild(_ old: UInt64, _ random: inout SeededRandom) -> UInt64 {
        let pages = UInt64(whole.count / 4096)
        let choices: [UInt64] = [
            0, 1, 2, .max, .max - 1, 1 << 63, 1 << 31, 1 << 32, 1 << 16, 0xFFFF, 4095, 4096, 4097, pages, pages - 1,
            pages + 1,
            old &+ 1, old &- 1, old ^ 1 << UInt64.random(in: 0..<64, using: &random),
            UInt64.random(in: 0..<pages, using: &random), random.next(),
        ]
        return choices.randomElement(using: &random)!
    }

    private func change(_ image: inout Image, _ place: Int, _ widths: [Int], _ random: inout SeededRandom) -> String {
        let width = widths.randomElement(using: &random)!
        let word = wild(image.word(place), &random)
        image.set(place, word, byteCount: width)
        return "at \(place): \(width) bytes of \(String(word, radix: 16))"
    }

    private func damageHeader(_ image: inout Image, _ random: inout SeededRandom) -> String {
        let place = Int.random(in: 0...1, using: &random) * 4096 + Int.random(in: 0..<38, using: &random) * 4
        return change(&image, place, [8, 4, 2, 1], &random)
    }

    /// The page's own header, its list of nodes, or a node.
    private func damagePage(_ image: inout Image, _ random: inout SeededRandom) -> String {
        let page = Int.random(in: 2..<max(whole.count / 4096, 3), using: &random) * 4096
        let places = [
            Int.random(in: 0..<8, using: &random) * 2, 16 + Int.random(in: 0..<16, using: &random) * 2,
            Int.random(in: 0..<2048, using: &random) * 2,
        ]
        return change(&image, page + places.randomElement(using: &random)!, [8, 4, 2, 1], &random)
    }

    // MARK: Records

    /// The file stays a whole database; what stands in it does not make sense.
    private func damageRecords(_ directory: String, _ random: inout SeededRandom) -> String {
        var environment: OpaquePointer?
        var transaction: OpaquePointer?
        guard unsafe mdb_env_create(&environment) == 0 else { return "nothing" }
        defer { unsafe mdb_env_close(environment) }
        unsafe mdb_env_set_maxdbs(environment, 8)
        unsafe mdb_env_set_mapsize(environment, 64 << 20)
        guard unsafe mdb_env_open(environment, directory, UInt32(MDB_NOLOCK | MDB_NOSYNC), 0o600) == 0,
            unsafe mdb_txn_begin(environment, nil, 0, &transaction) == 0
        else { return "nothing" }
        let story = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            unsafe damageRecord(transaction, &random)
        }
        unsafe mdb_txn_commit(transaction)
        return story.joined(separator: ", ")
    }

    private func damageRecord(_ transaction: OpaquePointer?, _ random: inout SeededRandom) -> String {
        let table = ["meta", "cells", "values", "cells", "entries"].randomElement(using: &random)!
        var index: UInt32 = 0
        guard unsafe mdb_dbi_open(transaction, table, 0, &index) == 0 else { return "nothing" }
        guard var (key, value) = unsafe entries(transaction, index).randomElement(using: &random) else {
            return "nothing"
        }
        let what = ["value", "value", "value", "key", "gone"].randomElement(using: &random)!
        switch what {
        case "gone": unsafe with(key) { unsafe mdb_del(transaction, index, $0, nil) }
        case "key":
            unsafe with(key) { unsafe mdb_del(transaction, index, $0, nil) }
            change(&key, &random)
            if !key.isEmpty, key.count < 500 { unsafe put(transaction, index, key, value) }
        default:
            change(&value, &random)
            unsafe put(transaction, index, key, value)
        }
        return "\(what) of \(String(decoding: key, as: UTF8.self).debugDescription) in \(table): "
            + String(decoding: value.prefix(100), as: UTF8.self).debugDescription
    }

    private func change(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let place = Int.random(in: 0...max(bytes.count - 1, 0), using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes = []
        case 1: bytes.removeLast(bytes.count - place)
        case 2:
            bytes.append(contentsOf: [UInt8](repeating: 0xFF, count: [1, 100, 70_000].randomElement(using: &random)!))
        case 3 where !bytes.isEmpty: bytes[place] = .random(in: 0...255, using: &random)
        default: bytes = Self.numberReplaced(bytes, &random)
        }
    }

    /// Text such as `count=5` with another number in it.
    private static func numberReplaced(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        let numbers = [
            "0", "1", "2", "-1", "4294967296", "9223372036854775807", "18446744073709551615", "70368744177664", "",
        ]
        let isDigit = { (byte: UInt8) in byte >= 48 && byte <= 57 }
        let starts = bytes.indices.filter { isDigit(bytes[$0]) && ($0 == 0 || !isDigit(bytes[$0 - 1])) }
        guard let start = starts.randomElement(using: &random) else { return bytes }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
        return bytes[..<start] + Array(numbers.randomElement(using: &random)!.utf8) + bytes[end...]
    }

    // MARK: LMDB

    @unsafe private func entries(_ transaction: OpaquePointer?, _ index: UInt32) -> [([UInt8], [UInt8])] {
        var cursor: OpaquePointer?
        guard unsafe mdb_cursor_open(transaction, index, &cursor) == 0 else { return [] }
        defer { unsafe mdb_cursor_close(cursor) }
        var found: [([UInt8], [UInt8])] = []
        var (key, value) = unsafe (MDB_val(), MDB_val())
        while unsafe mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0 {
            found.append(
                unsafe (
                    [UInt8](UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size)),
                    [UInt8](UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
                ))
        }
        return found
    }

    @unsafe private func with(_ bytes: [UInt8], _ body: (UnsafeMutablePointer<MDB_val>) -> Int32) {
        var bytes = bytes
        unsafe bytes.withUnsafeMutableBytes { buffer in
            var value = unsafe MDB_val(mv_size: buffer.count, mv_data: buffer.baseAddress)
            _ = unsafe body(&value)
        }
    }

    @unsafe private func put(_ transaction: OpaquePointer?, _ index: UInt32, _ key: [UInt8], _ value: [UInt8]) {
        unsafe with(key) { key in
            unsafe with(value) { value in unsafe mdb_put(transaction, index, key, value, 0) }
            return 0
        }
    }
}

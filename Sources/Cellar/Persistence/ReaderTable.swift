import Glibc

/// LMDB's table of readers. A looker, which opens the database without its lock file, reads that from outside LMDB.
///
/// The file `lock.mdb`, of LMDB 0.9 on a 64-bit Linux:
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 4 | 0xBEEFC0DE |
/// | 48 | 8 | the last transaction |
/// | 56 | 4 | how many slots were ever in use |
/// | 128 + 64 n | 8 | slot n: the transaction it reads, all bits set if it reads none now |
/// | 136 + 64 n | 4 | its process, 0 if it is free |
struct ReaderTable: Hashable, Sendable {
    struct Reader: Hashable, Sendable {
        var process: Int32
        /// The transaction that it reads; nil for one that is kept to be begun again.
        var transaction: UInt64?
    }

    private(set) var readers: [Reader] = []

    private static let magic: UInt32 = 0xBEEF_C0DE
    private static let first = 128
    private static let slot = 64
    private static let mostSlots: UInt32 = 1 << 16

    /// As LMDB tells it.
    init(_ environment: RawEnvironment) {
        readers = environment.readerLines().compactMap { line in
            // "       123 7f1234 56": process, thread, transaction, or "-" where it reads nothing.
            let words = line.split { $0 == " " || $0 == "\n" }
            guard words.count == 3, let process = Int32(words[0]) else { return nil }
            return Reader(process: process, transaction: UInt64(words[2]))
        }
    }

    /// As the file has it. Nil where there is no such file, or it is another's, or this process has the database open to
    /// write: then closing the file would take away the locks by which LMDB knows that this process lives.
    static func looked(at directory: String) -> ReaderTable? {
        OpenDatabases.ifUnclaimed(directory) { ReaderTable(directory: directory) } ?? nil
    }

    private init?(directory: String) {
        guard let file = try? DatabaseFile(path: directory + "/lock.mdb"),
            let head = try? file.bytes(at: 0, count: Self.first),
            head.integer(at: 0, as: UInt32.self) == Self.magic,
            let count = head.integer(at: 56, as: UInt32.self), count <= Self.mostSlots,
            let slots = try? file.bytes(at: UInt64(Self.first), count: Int(count) * Self.slot)
        else { return nil }
        for place in stride(from: 0, to: slots.count, by: Self.slot) {
            guard let process = slots.integer(at: place + 8, as: Int32.self), process > 0,
                let transaction = slots.integer(at: place, as: UInt64.self)
            else { continue }
            readers.append(Reader(process: process, transaction: transaction == .max ? nil : transaction))
        }
    }

    /// The oldest snapshot that somebody reads.
    var oldest: UInt64? { readers.compactMap(\.transaction).min() }

    /// Readers whose process is gone, or lives in another PID namespace.
    var unseen: Int { readers.count { kill($0.process, 0) != 0 && errno == ESRCH } }
}

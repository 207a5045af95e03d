/// What a store's file has on disk, as LMDB keeps it: named databases of keys and values, as of one moment.
public struct DiskRecords: Sendable {
    /// One named database.
    public struct NamedRecords: Sendable {
        /// Cellar's own have names of their own: "cells", "values" and so on.
        public let name: String
        /// Whether a key can have several values.
        public let hasDuplicates: Bool
        fileprivate var bytes: [UInt8] = []
        /// Where each key, and each value after it, ends.
        fileprivate var ends: [Int] = []

        /// How many pairs of a key and a value. O(1).
        public var count: Int { ends.count / 2 }

        /// The keys in their order, each with its value.
        public func forEach(_ body: (_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) throws -> Void) rethrows {
            var start = 0
            for index in stride(from: 0, to: ends.count, by: 2) {
                try body(bytes[start..<ends[index]], bytes[ends[index]..<ends[index + 1]])
                start = ends[index + 1]
            }
        }

        fileprivate mutating func add(_ part: RawSpan) {
            unsafe part.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
            ends.append(bytes.count)
        }
    }

    /// In the order of their names.
    public let databases: [NamedRecords]
    /// Bytes of the map.
    public let mapSize: Int
    /// Slots for readers.
    public let maximumReaders: Int
    /// Bytes of a page.
    public let pageSize: Int
}

extension Store {
    /// All that is on disk, copied in one transaction: needs memory for as much. What is in shared memory alone, or not on disk
    /// yet, is not in it. Throws `.timedOut` where a read-only store changes faster than it can be read. O(bytes).
    public func diskRecords() throws(StoreError) -> DiskRecords {
        try attachment.checkUsable()
        return try attachment.catalogue.database.records()
    }
}

extension Database {
    fileprivate func records() throws(StoreError) -> DiskRecords {
        var opened: [(name: String, database: NamedDatabase)] = []
        for name in try names() {
            if let database = try named(name) { opened.append((name, database)) }
        }
        let databases = opened
        let statistics = try statistics()
        let records = try read { (transaction) throws(StoreError) in
            var all: [DiskRecords.NamedRecords] = []
            for (name, database) in databases {
                var records = DiskRecords.NamedRecords(
                    name: name, hasDuplicates: try transaction.hasDuplicates(database))
                try transaction.forEach(in: database) { (key, value) throws(StoreError) in
                    records.add(key)
                    records.add(value)
                    return true
                }
                all.append(records)
            }
            return all
        }
        return DiskRecords(
            databases: records, mapSize: statistics.mapSize, maximumReaders: statistics.readersMaximum,
            pageSize: statistics.pageSize)
    }
}

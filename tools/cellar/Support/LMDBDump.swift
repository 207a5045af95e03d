import Cellar

/// What is on disk in the text of LMDB's own `mdb_dump -a`, which `mdb_load` takes.
struct LMDBDump {
    let records: DiskRecords

    func write(to output: Output) throws {
        for database in records.databases {
            try writeHeading(database, to: output)
            try database.forEach { key, value in
                try write(key, to: output)
                try write(value, to: output)
            }
            try output.line("DATA=END")
        }
    }

    private func writeHeading(_ database: DiskRecords.NamedRecords, to output: Output) throws {
        try output.line("VERSION=3\nformat=bytevalue\ndatabase=\(database.name)\ntype=btree")
        try output.line("mapsize=\(records.mapSize)\nmaxreaders=\(records.maximumReaders)")
        if database.hasDuplicates { try output.line("duplicates=1\ndupsort=1") }
        try output.line("db_pagesize=\(records.pageSize)\nHEADER=END")
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private func write(_ bytes: ArraySlice<UInt8>, to output: Output) throws {
        var line = [UInt8(ascii: " ")]
        line.reserveCapacity(bytes.count * 2 + 2)
        for byte in bytes {
            line.append(Self.digits[Int(byte >> 4)])
            line.append(Self.digits[Int(byte & 15)])
        }
        line.append(UInt8(ascii: "\n"))
        try output.write(line)
    }
}

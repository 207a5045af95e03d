/// What a store keeps on disk, in three named databases that LMDB's own tools can read.
///
/// | database | key | value |
/// |---|---|---|
/// | `meta` | a word | text, see `MetaKey` |
/// | `cells` | the cell's name | a line of text, see `CellRecord` |
/// | `values` | the cell's uid (8 bytes) and a chunk's index (4 bytes), both with the high byte first | the chunk's bytes |
///
/// A chunk that is missing, and the end of one that is short, stands for zeros. Volatile cells are not here.
struct Catalogue: Sendable {
    /// Version of this layout.
    static let formatVersion: UInt32 = 1
    private static let names = ["meta", "cells", "values"]

    let database: Database
    let meta: NamedDatabase
    let cells: NamedDatabase
    let values: NamedDatabase
    /// The database of dictionaries' entries, once it is open: then it can be used inside a write transaction too.
    let openedEntries = OpenedDatabase()

    /// Opens the catalogue of `database`, or makes it in a database that is empty.
    ///
    /// - Parameter fill: puts the first entries into a catalogue that is being made, in the transaction that makes it, so that
    ///   there never is one without them.
    static func open(
        _ database: Database, creates: Bool = false,
        fill: (Catalogue, borrowing WriteTransaction) throws(StoreError) -> Void = { _, _ throws(StoreError) in }
    ) throws(StoreError) -> Catalogue {
        let present = try database.names()
        if present.isEmpty, !creates {
            throw StoreError(.noSuchStore, "there is no store at '\(database.directory)': its database is empty")
        }
        guard present.isEmpty || names.allSatisfy(present.contains) else {
            throw .foreign("\(database.directory)/data.mdb", "it is an LMDB file of another program")
        }
        let opened = try database.named(names, creates: creates) {
            (transaction: borrowing WriteTransaction, handles: [NamedDatabase]) throws(StoreError) in
            guard let catalogue = Catalogue(database, handles) else { return }
            try catalogue.set(.format, to: formatVersion, in: transaction)
            try fill(catalogue, transaction)
        }
        guard let opened, let catalogue = Catalogue(database, opened) else {
            throw StoreError(.noSuchStore, "there is no store at '\(database.directory)'")
        }
        try catalogue.checkFormat()
        return catalogue
    }

    private init?(_ database: Database, _ handles: [NamedDatabase]) {
        guard handles.count == 3 else { return nil }
        self.database = database
        meta = handles[0]
        cells = handles[1]
        values = handles[2]
    }

    private func checkFormat() throws(StoreError) {
        let found = try database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            try value(of: .format, in: transaction)
        }
        guard let found else { throw .foreign("\(database.directory)/data.mdb", "it has no format number") }
        guard found == Self.formatVersion else {
            throw StoreError(
                .incompatible,
                "the store '\(database.directory)' has format \(found); this version of Cellar reads \(Self.formatVersion)"
            )
        }
    }
}

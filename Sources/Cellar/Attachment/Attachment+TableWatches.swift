extension Attachment {
    /// What those who watch the table wait on; nil read-only, where nobody has the store in memory.
    func watchWord(ofTable table: TableRecord) -> WatchWord? {
        segment.map { TableWatches(segment: $0).word(of: table.database.utf8) }
    }
}

/// A read that stays open until this object goes: a snapshot for as long as somebody walks through it.
///
/// It counts as an open transaction: the map cannot grow, nor the database be closed, before it ends.
final class KeptRead: Sendable {
    let raw: RawTransaction
    private let database: Database

    /// Nil where this process cannot have a reader's slot: a read would then hold up all writers, for as long as it lasts.
    init?(_ database: Database) throws(StoreError) {
        raw = try database.enter(.reading)
        self.database = database
        guard raw.kind == .reading else { return nil }
    }

    /// Whether this is a child's copy of its parent's, who still needs it.
    var isForked: Bool { database.isForked }

    deinit { if !isForked { database.leaveReading(raw) } }
}

import Cellar

/// What a store was at one moment, and what went on in it since the moment before.
struct Sample {
    /// Nanoseconds since 1970.
    var time: UInt64
    var path: String
    /// Nil where the figures could not be read.
    var figures: StoreStatistics?
    var cells: [CellRate] = []
    var queues: [QueueRate] = []
    var tables: [TableRate] = []
    var processes: [AttachmentInfo] = []
    var locks: [LockInfo] = []
    var checkpoints = Checkpoints()
    /// What could not be read, and why.
    var problems: [String] = []

    /// A cell, and how much it changes.
    struct CellRate {
        var name: String
        var kind: String
        var type: String
        var bytes: Int?
        var isInMemory: Bool
        /// Changes a second; nil where nobody looked yet, or where changes cannot be seen.
        var rate: Double?
        /// Whether it changed whenever somebody looked: it may change much more often.
        var isAtLeast = false
        /// Rates of the last moments, the newest last.
        var history: [Double] = []
    }

    /// A queue, and how much goes through it.
    struct QueueRate {
        var name: String
        var capacity: Int
        var depth: QueueDepth
        /// Items put and items that left, a second; nil at the first look.
        var putRate: Double?
        var outRate: Double?
        var oldestAge: Duration?
        /// Unfinished items at the last moments, the newest last.
        var history: [Double] = []
    }

    /// A table or multimap, and how it grows.
    struct TableRate {
        var name: String
        var kind: String
        /// Of keys and values.
        var type: String
        var count: Int
        var bytes: Int
        /// By so many entries more a second, or fewer; nil at the first look.
        var growth: Double?
        /// Entries at the last moments, the newest last.
        var history: [Double] = []
    }

    struct Checkpoints {
        /// A second; nil at the first look.
        var rate: Double?
        /// Since a checkpoint was first seen to be on disk; nil if none was seen.
        var age: Duration?
    }

    var hasSegment: Bool { figures?.segment != nil }

    /// For how long the oldest of the living processes has had it open.
    var uptime: Duration? {
        let oldest = processes.filter(\.isAlive).map(\.startedAt).min()
        return oldest.map { .nanoseconds(Int64(clamping: time > $0 ? time - $0 : 0)) }
    }
}

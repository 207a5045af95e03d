/// A named channel between two processes, or threads: what one end sends, the other receives, message by message, both ways.
///
/// ```swift
/// let end = try store.pipe("jobs").connect()      // in one process
/// try end.send(Job(number: 7))
/// let end = try store.pipe("jobs").connect()      // in the other
/// while let job = try end.receive(as: Job.self) { … }
/// ```
///
/// A pipe has two ends, and a ring of `capacity` bytes for each direction. An end belongs to one process at a time. When it is
/// closed, or its process dies, the other end gets what was sent before and then the end of all; and sending to it throws
/// `.peerGone`. An end that was given up is not free again until the other is given up too: then whoever opens one finds the
/// pipe empty. So what two processes say to each other never gets to a third.
///
/// A pipe is in memory only. What its ends hold does not survive a restart of the machine.
public struct SharedPipe: Sendable {
    private let cell: StructureCell
    private let shape: PipeShape

    init(_ cell: StructureCell, _ shape: PipeShape) {
        self.cell = cell
        self.shape = shape
    }

    /// The two ends. They do the same: which is whose is for those who use them to agree.
    public enum Side: Int, Sendable, Hashable, CaseIterable {
        /// One end or the other; they are alike.
        case first, second
    }

    /// Bytes for messages on their way, in each direction. A message takes 8 bytes more than it has, up to a multiple of 8.
    public var capacity: Int { shape.capacity }
    /// Bytes of the longest message: about half of the capacity.
    public var largestMessage: Int { shape.largestMessage }
    /// Whether the pipe was removed since the handle was made.
    public var isRemoved: Bool { cell.reference.cell.isRemoved }

    /// Takes an end of the pipe, until it is closed or let go.
    ///
    /// Waits for others that are opening one, as long as the store's `lockTimeout`. Throws `.inUse`, naming who has it, if the
    /// end is taken, or was given up while the other still has a holder; `.removed`, `.closed`, `.readOnly`.
    public func open(_ side: Side) throws(StoreError) -> PipeEnd {
        PipeEnd(try cell.attachment.openEnd(side.rawValue, of: cell, shape))
    }

    /// Takes the end that is free: one that nobody had yet, or else, where both were given up, the first. Throws as `open`.
    ///
    /// After a crash that may be the other end of the pair that the process itself left: with what it had sent before, and a peer
    /// that is gone. A process that comes again to the place it had opens its side by name, as with `open(.first)`.
    public func connect() throws(StoreError) -> PipeEnd {
        PipeEnd(try cell.attachment.openEnd(nil, of: cell, shape))
    }

    /// Who has the ends, and how much is on its way. Does not block; works in a read-only store too.
    public var status: PipeStatus {
        let memory = PipeMemory(cell.reference, shape, cell.segment)
        let table = ProcessTable(segment: cell.segment)
        func state(_ end: Int) -> PipeStatus.End {
            let word = memory.holder(end).acquire()
            if word == 0 { return .free }
            guard memory.isHolder(word), let info = table.info(PipeMemory.place(word).slot) else { return .gone }
            return .held(info)
        }
        return PipeStatus(
            first: state(0), second: state(1), bytesFromFirst: memory.ring(from: 0).bytesInFlight,
            bytesFromSecond: memory.ring(from: 1).bytesInFlight)
    }
}

/// What somebody who looks at a pipe sees.
public struct PipeStatus: Sendable, Hashable {
    /// Who has an end.
    public enum End: Sendable, Hashable {
        /// Nobody had it yet, since the pipe began or began anew.
        case free
        /// A process has it.
        case held(AttachmentInfo)
        /// It was closed, or its process died.
        case gone
    }

    /// The end that is asked for as `.first`.
    public let first: End
    /// The end that is asked for as `.second`.
    public let second: End
    /// Bytes that the first end sent and the second has not received, with what messages take besides.
    public let bytesFromFirst: Int
    /// The same the other way.
    public let bytesFromSecond: Int
}

import CCellar

/// What a pipe is, and where its parts lie.
///
/// All of it is in memory only: the index has a head, the four sides of the two rings, and the rings. Ring 0 is written by
/// the first end and read by the second, ring 1 the other way round.
struct PipeShape: Hashable, Sendable {
    /// Bytes of each ring: a multiple of 64.
    var capacity: Int

    static let leastCapacity = 64
    static let mostCapacity = 1 << 32

    init(capacity: Int) { self.capacity = capacity }

    init?(parsing text: String) {
        guard var fields = FormText(text, .pipe), let capacity = fields.number("capacity"), fields.isAtEnd,
            Self.isPossible(capacity)
        else { return nil }
        self.init(capacity: capacity)
    }

    /// The least possible capacity that is not smaller; nil where there is none.
    static func rounded(_ capacity: Int) -> Int? {
        guard capacity > 0, capacity <= mostCapacity else { return nil }
        return Rounding.up(capacity, to: 64)
    }

    private static func isPossible(_ capacity: Int) -> Bool {
        (leastCapacity...mostCapacity).contains(capacity) && capacity % 64 == 0
    }

    var text: String { "pipe capacity=\(capacity)" }

    var form: StructureForm {
        StructureForm(
            kind: .pipe, text: text, byteCount: 8,
            index: .init(
                byteCount: Self.rings + 2 * capacity, bellCount: 4, bellStride: Self.sideSize,
                firstBell: Self.sides + CELLAR_PIPE_SIDE_BELL))
    }

    /// Bytes of the longest message. As a message is never split, what lies behind it up to the ring's end may have to be
    /// skipped: so that it fits wherever the ring stands, it has at most half of the ring.
    var largestMessage: Int { capacity / 2 - PipeRing.headSize }

    // MARK: The index

    static let sideSize = MemoryLayout<cellar_pipe_side>.size
    static let sides = MemoryLayout<cellar_pipe>.size
    static let rings = sides + 4 * sideSize
}

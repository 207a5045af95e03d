import Cellar

/// A part of a file that one worker counts.
struct Piece: BitwiseCopyable, Sendable {
    var file: Int32
    var length: Int32
    var offset: Int
}

/// Whose a piece is. Other numbers are those of the workers that claimed it.
enum Claim {
    static let free: Int32 = 0
    static let done: Int32 = -1
}

/// The cells that the demo's processes share.
///
/// The totals are what the demo is about and are kept on disk. The rest is bookkeeping of one run, and volatile.
struct DemoCells {
    static let workers = 4
    typealias Path = InlineString<1022>

    /// The totals: of each letter, of words, of lines and of bytes.
    let letters: SharedArray<Int>
    let words: SharedValue<Int>
    let lines: SharedValue<Int>
    let bytes: SharedValue<Int>
    /// What each worker counted; the totals are the sums of these.
    let tallies: SharedArray<WorkerTally>
    /// The work, and whose each piece is.
    let files: SharedArray<Path>
    let pieces: SharedArray<Piece>
    let claims: SharedArray<Int32>
    /// Bytes of each piece that are counted, in the totals or not yet.
    let progress: SharedArray<Int>
    /// Workers wait while the progress has come so far.
    let barrier: SharedValue<Int>
    /// Bytes that a worker counts at a time, and microseconds that it then rests.
    let block: SharedValue<Int>
    let rest: SharedValue<Int>

    /// Makes the cells in a new store.
    init(in store: Store, files: Int, pieces: Int, pace: DemoPace) throws {
        letters = try store.array("letters", count: 26)
        words = try store.value("words", initial: 0)
        lines = try store.value("lines", initial: 0)
        bytes = try store.value("bytes", initial: 0)
        tallies = try store.array("tallies", count: Self.workers, persistence: .volatile)
        self.files = try store.array("files", count: files, persistence: .volatile)
        self.pieces = try store.array("pieces", count: pieces, persistence: .volatile)
        claims = try store.array("claims", count: pieces, persistence: .volatile)
        progress = try store.array("progress", count: pieces, persistence: .volatile)
        barrier = try store.value("barrier", initial: pace.barrier, persistence: .volatile)
        block = try store.value("block", initial: pace.block, persistence: .volatile)
        rest = try store.value("rest", initial: pace.rest, persistence: .volatile)
    }

    /// Finds the cells that are there.
    init(in store: Store) throws {
        letters = try store.array("letters")
        words = try store.value("words")
        lines = try store.value("lines")
        bytes = try store.value("bytes")
        tallies = try store.array("tallies")
        files = try store.array("files")
        pieces = try store.array("pieces")
        claims = try store.array("claims")
        progress = try store.array("progress")
        barrier = try store.value("barrier")
        block = try store.value("block")
        rest = try store.value("rest")
    }

    /// Makes the totals the sums of the tallies. Can be done again by anyone at any time, and so by another process if
    /// one was killed half way through it: nothing is ever added to a total.
    func publish() throws {
        try letters.update { span in
            var sum = Tally()
            for worker in 0..<Self.workers { sum += try tallies.load(at: worker).tally }
            for index in 0..<26 { span[index] = sum.letters[index] }
            words.store(sum.words)
            lines.store(sum.lines)
            bytes.store(sum.bytes)
        }
    }

    /// Bytes counted so far.
    var progressed: Int { progress.indices.reduce(0) { $0 + progress[$1] } }

    var isDone: Bool { claims.indices.allSatisfy { claims[$0] == Claim.done } }

    /// The first piece that the worker has claimed and not finished.
    func claimed(by worker: Int) -> Int? { claims.indices.first { claims[$0] == Int32(worker) } }

    /// Gives back what a dead worker had claimed: as done if its tally has it, else for others to count from the start.
    func release(worker: Int) throws {
        for piece in claims.indices where claims[piece] == Int32(worker) {
            if try tallies.load(at: worker - 1).lastPiece == piece + 1 {
                try publish()
                claims[piece] = Claim.done
            } else {
                progress[piece] = 0
                claims[piece] = Claim.free
            }
        }
    }
}

/// How the work is cut, and how fast it goes.
struct DemoPace {
    /// Bytes counted at a time.
    var block: Int
    /// Bytes of the largest piece.
    var piece: Int
    /// Microseconds between two blocks.
    var rest: Int
    /// Bytes counted when all workers wait for one of them to be killed. Each may be a block beyond it, and is then
    /// still short of the end.
    var barrier: Int

    init(total: Int, seconds: Double) {
        block = min(max(total / 512, 256), 1 << 16)
        piece = max(1 << 14, block * 16)
        let blocks = (total + block - 1) / block
        rest = Int(seconds * 1_000_000 * Double(DemoCells.workers) / Double(blocks))
        barrier = max(total / 2 - (DemoCells.workers - 1) * block, 0)
    }
}

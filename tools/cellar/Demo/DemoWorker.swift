import ArgumentParser
import Cellar
import Glibc

/// One of the processes that count.
///
/// For each piece: 1. claim it; 2. count it; 3. store the tally, which says with the sums that the piece is in them;
/// 4. publish the totals; 5. mark the piece done. Killed before 3, the piece is not counted and is given to others;
/// after 3, it is counted, and whoever finds the claim does 4 and 5 (`DemoCells.release`).
struct DemoWorker {
    let number: Int
    let parent: Int32
    private let store: Store
    private let cells: DemoCells

    init(storePath: String, number: Int, parent: Int32) throws {
        self.number = number
        self.parent = parent
        var options = Store.Options()
        options.creates = false
        options.processName = Self.processName(number)
        store = try Store.open(storePath, options)
        cells = try DemoCells(in: store)
    }

    static let processNamePrefix = "demo worker "
    static func processName(_ number: Int) -> String { processNamePrefix + String(number) }

    func run() throws {
        defer { store.close() }
        while !cells.isDone {
            guard let piece = claim() else {
                // Others are at the last pieces; one of them may yet die.
                try rest(5000)
                continue
            }
            var mine = try cells.tallies.load(at: number - 1)
            mine.tally += try count(piece)
            mine.lastPiece = piece + 1
            try cells.tallies.store(mine, at: number - 1)
            try cells.publish()
            cells.claims[piece] = Claim.done
        }
    }

    /// A piece that was free and is this worker's from now on.
    private func claim() -> Int? {
        cells.claims.indices.first { piece in
            cells.claims[piece] == Claim.free
                && cells.claims.compareExchange(at: piece, expected: Claim.free, desired: Int32(number)).exchanged
        }
    }

    private func count(_ index: Int) throws -> Tally {
        let piece = try cells.pieces.load(at: index)
        let file = try InputFile(cells.files.load(at: Int(piece.file)).string)
        var isInWord = try piece.offset > 0 && !Tally.isSpace(file.read(1, at: piece.offset - 1).first ?? 0x20)
        var tally = Tally()
        while tally.bytes < piece.length {
            while cells.progressed >= cells.barrier.load() { try rest(2000) }
            let wanted = min(cells.block.load(), Int(piece.length) - tally.bytes)
            let text = try file.read(wanted, at: piece.offset + tally.bytes)
            if text.isEmpty { break }
            tally.count(text, isInWord: &isInWord)
            cells.progress[index] = tally.bytes
            try rest(cells.rest.load())
        }
        return tally
    }

    /// Sleeps, and looks whether there is still somebody to work for; ends quietly if not.
    private func rest(_ microseconds: Int) throws {
        SystemCall.sleep(.microseconds(microseconds))
        if getppid() != parent { throw ExitCode(ExitStatus.inputOutput.rawValue) }
    }
}

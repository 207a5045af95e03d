import CCellar

/// Walks every structure of a segment and collects what is wrong with it. Reads only, trusts nothing, takes no lock, and
/// ends however the bytes lie.
///
/// The walk is not of one moment: what others change meanwhile can look wrong. `stamp` tells whether the catalogue
/// changed during a walk.
struct SegmentCheck {
    let segment: Segment
    private(set) var findings: [StoreFinding] = []
    private(set) var counts: [StoreCount] = []
    /// Who says that a piece of memory is theirs.
    private(set) var claims: [(block: Block, owner: String)] = []
    /// The cells that are found, by offset.
    var cells: [UInt64: CheckedCell] = [:]

    /// What a cell says that other structures must agree with.
    struct CheckedCell {
        var id: Int
        var name: String
        var uid: UInt64
        var kind: CellKind
        var count: UInt64
        var schema: String
        var isLive: Bool
        /// Everything of it is said to be on disk.
        var isClean: Bool
        var isVolatile: Bool
    }

    /// Somebody is, or was when it died, in the middle of changing what cells there are.
    private var isMidChange = false

    init(segment: Segment) { self.segment = segment }

    mutating func run() {
        isMidChange = Intent(segment: segment).operation != Intent.Operation.none
        checkHeader()
        checkLocks()
        checkTypes()
        checkCells()
        checkDirectory()
        checkLimbo()
        checkFreeLists()
        checkMemory()
    }

    /// Words that change with every change to what cells there are.
    var stamp: [UInt64] {
        let intent = CELLAR_HEADER_INTENT
        let fields = [
            intent + CELLAR_INTENT_OPERATION, intent + CELLAR_INTENT_BLOCK, intent + CELLAR_INTENT_CELL,
            intent + CELLAR_INTENT_OTHER, CELLAR_HEADER_CURSOR, CELLAR_HEADER_NEXT_UID, CELLAR_HEADER_NEXT_ID,
            CELLAR_HEADER_FREE_BYTES, CELLAR_HEADER_LIVE_CELLS, CELLAR_HEADER_LIMBO, CELLAR_HEADER_DIRECTORY,
            CELLAR_HEADER_CHECKPOINT + CELLAR_CHECKPOINT_BEGUN, CELLAR_HEADER_CHECKPOINT + CELLAR_CHECKPOINT_ENDED,
            CELLAR_HEADER_NEXT_ATTACHMENT,
        ]
        return fields.map { segment.word($0).ordered() }
    }

    // MARK: Notes

    mutating func note(_ kind: StoreFinding.Kind, _ structure: String, _ text: String) {
        // What is half changed does not fit together, and will once that is finished or undone.
        let isHalf = isMidChange && kind == .damaged && Self.changing.contains(structure)
        findings.append(StoreFinding(kind: isHalf ? .unfinished : kind, structure: structure, text: text))
    }

    private static let changing: Set<String> = ["cells", "directory", "limbo", "free lists", "memory"]

    mutating func count(_ structure: String, _ count: Int, _ unit: String) {
        counts.append(StoreCount(structure: structure, count: count, unit: unit))
    }

    mutating func claim(_ block: Block, _ owner: String) { claims.append((block, owner)) }

    /// Runs a look that throws where something is out of bounds, and notes that.
    mutating func attempt(_ structure: String, _ body: (inout SegmentCheck) throws(StoreError) -> Void) {
        do throws(StoreError) { try body(&self) } catch { note(.damaged, structure, error.message) }
    }

    // MARK: The header

    private mutating func checkHeader() {
        let size = segment.word(CELLAR_HEADER_SIZE).acquire()
        let backed = (try? segment.object.size()) ?? 0
        if Int(clamping: size) > backed {
            note(.damaged, "header", "it says it has \(size) bytes, and has \(backed)")
        }
        let cursor = segment.word(CELLAR_HEADER_CURSOR).acquire()
        if cursor > size || cursor < Self.firstBlock || cursor % UInt64(SegmentLayout.granule) != 0 {
            note(.damaged, "header", "it says that memory is handed out up to \(cursor), of \(size) bytes")
        }
        count("header", 1, "page")
    }

    static var firstBlock: UInt64 { UInt64(Rounding.up(unsafe MemoryLayout<cellar_segment>.size, to: 64)) }
    /// No list is longer than this.
    var budget: Int { ((try? segment.object.size()) ?? 0) / SegmentLayout.granule }
}

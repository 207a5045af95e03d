import CCellar
import CellarTestSupport

/// Damages a segment: words of its structures, and on top of that locks whose owners died and work left half done, so
/// that what recovers from a death comes to see the damage too.
struct SegmentMutation {
    let whole: Image
    private let structures: [String: [Image.Structure]]
    private let kinds: [String]
    private let offsets: [UInt64]

    init(_ whole: Image) {
        self.whole = whole
        // What has no words has nothing to damage: a lock's content, a block that was never written.
        structures = whole.structures().mapValues { $0.filter { $0.size >= 8 } }.filter { !$0.value.isEmpty }
        kinds = structures.keys.sorted()
        offsets = structures.values.flatMap { $0.map { UInt64($0.offset) } }.sorted()
    }

    /// The damaged bytes, and in words what was done.
    func damaged(_ random: inout SeededRandom) -> (bytes: [UInt8], story: String) {
        var image = whole
        var story: [String] = []
        if chance(40, &random) { story.append(death(&image, &random)) }
        if chance(25, &random) { story.append(halfDone(&image, &random)) }
        for _ in 0..<(chance(60, &random) ? 1 : Int.random(in: 2...8, using: &random)) {
            story.append(wildWord(&image, &random))
        }
        return (image.bytes, story.joined(separator: ", "))
    }

    private func chance(_ percent: Int, _ random: inout SeededRandom) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    /// A word of a structure becomes another: most likely one that says something already.
    private func wildWord(_ image: inout Image, _ random: inout SeededRandom) -> String {
        let kind = kinds.randomElement(using: &random)!
        let structure = structures[kind]!.randomElement(using: &random)!
        var places = (0..<structure.size / 4).map { structure.offset + $0 * 4 }
        let telling = places.filter { image.word($0) & 0xFFFF_FFFF != 0 }
        if !telling.isEmpty, chance(70, &random) { places = telling }
        let byteCount = chance(60, &random) ? 8 : chance(70, &random) ? 4 : 1
        let place = places.randomElement(using: &random)! & ~(byteCount == 8 ? 7 : 0)
        let word = wild(image.word(place), &random)
        image.set(place, word, byteCount: byteCount)
        return
            "\(kind) at \(structure.offset) + \(place - structure.offset): \(byteCount) bytes of \(String(word, radix: 16))"
    }

    private func wild(_ old: UInt64, _ random: inout SeededRandom) -> UInt64 {
        let size = UInt64(whole.bytes.count)
        let other = offsets.randomElement(using: &random)!
        let choices: [UInt64] = [
            0, 1, 2, 3, .max, .max - 1, .max - 7, 1 << 63, 1 << 63 - 1, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 47, 1 << 62,
            size, size - 1, size + 1, size - 8, size - 16, size + 4096, old &+ 1, old &- 1, old &+ 16, old &* 2,
            old ^ 1 << UInt64.random(in: 0..<64, using: &random), old | 1 << 63, other, other, other, other + 8,
            other + 1,
            old & ~0xFFFF_FFFF_FFFF | other, UInt64.random(in: 0..<64, using: &random),
            UInt64.random(in: 0..<size, using: &random) & ~15, random.next(),
        ]
        return choices.randomElement(using: &random)!
    }

    // MARK: Deaths

    /// A robust mutex begins with its owner's thread id, to which the kernel adds a bit when the owner dies.
    private static let deadOwner: UInt64 = 0x4000_0001

    private func death(_ image: inout Image, _ random: inout SeededRandom) -> String {
        let cell = image.cells().randomElement(using: &random) ?? 0
        let stripe = image.stripes().randomElement(using: &random) ?? 0
        let locks: [(String, Int)] = [
            ("stripe at \(stripe)", stripe),
            ("allocation", CELLAR_HEADER_ALLOCATION), ("transactions", CELLAR_HEADER_TRANSACTIONS),
            ("checkpointer", CELLAR_HEADER_CHECKPOINT),
            ("cell at \(cell)", cell + CELLAR_CELL_LOCK),
            ("process", CELLAR_SEGMENT_PROCESSES + CELLAR_PROCESS_LIVENESS),
        ]
        let (name, lock) = locks.randomElement(using: &random)!
        image.set(lock, Self.deadOwner, byteCount: 4)
        if name == "process" { image.setWord(CELLAR_SEGMENT_PROCESSES + CELLAR_PROCESS_STATE, 1) }
        return "the \(name)'s owner is dead"
    }

    /// An operation of the catalogue, or an update of an array, that is to be finished.
    private func halfDone(_ image: inout Image, _ random: inout SeededRandom) -> String {
        if chance(30, &random), let array = structures["array"]?.randomElement(using: &random),
            let cell = image.cells().first(where: { image.word($0 + CELLAR_CELL_WORD) == UInt64(array.offset) })
        {
            image.setWord(cell + CELLAR_CELL_SEQUENCE, image.word(cell + CELLAR_CELL_SEQUENCE) | 1)
            image.setWord(array.offset + CELLAR_ARRAY_OVERLAY_START, 8)
            image.setWord(array.offset + CELLAR_ARRAY_OVERLAY_LENGTH, 64)
            return "an update of the array at \(array.offset) is under way"
        }
        if chance(40, &random), let stripe = image.stripes().randomElement(using: &random) {
            return stripeHalfDone(stripe, &image, &random)
        }
        if chance(50, &random) { return transactionHalfDone(&image, &random) }
        image.set(CELLAR_HEADER_ALLOCATION, Self.deadOwner, byteCount: 4)
        let operation = UInt64.random(in: 1...8, using: &random)
        image.setWord(CELLAR_HEADER_INTENT + CELLAR_INTENT_OPERATION, operation)
        for field in stride(from: 8, to: MemoryLayout<cellar_intent>.size, by: 8) {
            let word = chance(70, &random) ? offsets.randomElement(using: &random)! : wild(128, &random)
            image.setWord(CELLAR_HEADER_INTENT + field, word)
        }
        return "intent \(operation) is under way"
    }

    /// The store's last transaction is to be finished, with what it is of wherever that is damaged.
    private func transactionHalfDone(_ image: inout Image, _ random: inout SeededRandom) -> String {
        let area = CELLAR_HEADER_TRANSACTIONS
        image.set(area, Self.deadOwner, byteCount: 4)
        let state = UInt64.random(in: 1...3, using: &random)
        image.setWord(area + CELLAR_TRANSACTIONS_STATE, state)
        image.setWord(area + CELLAR_TRANSACTIONS_SEQUENCE, image.word(area + CELLAR_TRANSACTIONS_SEQUENCE) | 1)
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            guard let record = structures["transaction record"]?.first, record.size > 8 else { break }
            let place = record.offset + Int.random(in: 0..<record.size / 8, using: &random) * 8
            image.setWord(place, wild(image.word(place), &random))
        }
        return "a transaction in state \(state) is under way"
    }

    /// A change of a dictionary's entries, that names what is there or what is not.
    private func stripeHalfDone(_ stripe: Int, _ image: inout Image, _ random: inout SeededRandom) -> String {
        image.set(stripe, Self.deadOwner, byteCount: 4)
        let operation = UInt64.random(in: 1...4, using: &random)
        image.setWord(stripe + CELLAR_STRIPE_OPERATION, operation)
        let buckets = structures["bucket"] ?? []
        for field in stride(from: CELLAR_STRIPE_BUCKET, to: CELLAR_STRIPE_FIRST_DIRTY, by: 8) {
            let bucket = UInt64(buckets.randomElement(using: &random)?.offset ?? 0)
            let choices = [0, bucket, bucket, UInt64.random(in: 0..<0x1111, using: &random), wild(64, &random)]
            image.setWord(stripe + field, choices.randomElement(using: &random)!)
        }
        return "operation \(operation) of the stripe at \(stripe) is under way"
    }
}

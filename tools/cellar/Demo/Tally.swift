/// What was found in some text. Words are what stands between spaces; letters are those of ASCII, whatever their case.
struct Tally: BitwiseCopyable, Sendable {
    var letters = InlineArray<26, Int>(repeating: 0)
    var words = 0
    var lines = 0
    var bytes = 0

    static func += (left: inout Tally, right: Tally) {
        for index in 0..<26 { left.letters[index] += right.letters[index] }
        left.words += right.words
        left.lines += right.lines
        left.bytes += right.bytes
    }

    /// Adds what the bytes hold. `isInWord` says whether the byte before them belongs to a word, and then whether their
    /// last one does.
    mutating func count(_ text: some Sequence<UInt8>, isInWord: inout Bool) {
        for byte in text {
            bytes += 1
            let isSpace = Self.isSpace(byte)
            if !isSpace, !isInWord { words += 1 }
            isInWord = !isSpace
            if byte == UInt8(ascii: "\n") { lines += 1 }
            let letter = Int(byte | 0x20) - Int(UInt8(ascii: "a"))
            if byte & 0x40 != 0, (0..<26).contains(letter) { letters[letter] += 1 }
        }
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// All that one worker has counted, and which piece it counted last.
///
/// Kept as one element of an array, which is replaced whole or not at all: a piece is in the sums exactly if it is
/// `lastPiece` or was before it, whenever the worker is killed.
struct WorkerTally: BitwiseCopyable, Sendable {
    var tally = Tally()
    /// Number of the piece, from 1; 0 for none.
    var lastPiece = 0
}

import CCellar
import CellarTestSupport
import Testing

@testable import Cellar

/// A renamed cell is found under its new name, whatever the two names' hashes are.
///
/// The story: a cell's slot in the directory is made of the upper 16 bits of its name's hash and its offset. Where the old
/// and the new name were alike in those bits and began their search at the same slot, the new name was taken for entered
/// already, and the slot for the old name's: the rename took it away, and nobody found the cell any more.
struct RenameSearchTests {
    @Test func namesThatShareASlot() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let segment = try #require(store.attachment.segment)
            let (old, new) = try #require(Self.alike(in: segment))
            _ = try store.value(old, initial: 7)
            try store.sync()
            try store.rename(old, to: new)
            #expect(try store.value(new, of: Int.self).load() == 7)
            #expect(try !store.contains(old))
            try store.sync()
            #expect(try !store.contains(old))
            #expect(try Store.check(scratch.path).findings.filter { $0.kind == .damaged } == [])
            try store.rename(new, to: old)
            #expect(try store.value(old, of: Int.self).load() == 7)
            #expect(try !store.contains(new))
        }
    }

    /// Two names with the same tag whose searches begin at the same slot of the first table.
    private static func alike(in segment: Segment) -> (String, String)? {
        let seed = segment.word(CELLAR_HEADER_HASH_SEED).relaxed()
        var seen: [UInt64: String] = [:]
        for number in 0..<1_000_000 {
            let name = "name \(number)"
            let hash = unsafe name.utf8.span.bytes.withUnsafeBytes { bytes in
                unsafe NameBytes(bytes, seed: seed).hash
            }
            if let other = seen.updateValue(name, forKey: hash & ~Directory.offsetMask | hash & 1023) {
                return (other, name)
            }
        }
        return nil
    }
}

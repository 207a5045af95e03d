import CellarTestSupport
import Testing

@testable import Cellar

@Suite struct CellRecordTests {
    private static let samples = [
        "uid=42 kind=array count=1000 type={x: double @0, y: double @8}", "uid=0 kind=value count=1 type=int64",
        "uid=18446744073709551615 kind=array count=18446744073709551615 type=ü", "uid=1 kind=value count=1 type= x ",
    ]

    @Test(arguments: samples) func whatIsReadIsWrittenTheSame(text: String) throws {
        let record = try #require(CellRecord(parsing: text))
        #expect(record.encoded == text)
        #expect(CellRecord(parsing: Array(text.utf8)) == record)
    }

    @Test(arguments: [
        "", " ", "uid=1", "uid=1 kind=value count=1", "uid=1 kind=value count=1 type=",
        "uid=1 kind=value count=1 typ=x",
        "uid= kind=value count=1 type=x", "uid=01 kind=value count=1 type=x", "uid=-1 kind=value count=1 type=x",
        "uid=+1 kind=value count=1 type=x", "uid=18446744073709551616 kind=value count=1 type=x",
        "uid=1 kind=values count=1 type=x", "uid=1 kind=value count=2 type=x", "uid=1 kind=array count=0 type=x",
        "uid=1  kind=value count=1 type=x", "kind=value uid=1 count=1 type=x", "uid=1 kind=value count=1 type=a\nb",
        "uid=1 kind=value count=1 type=a\u{7F}", "uid=1 kind=value count=1 type=a\0",
        "uid=1 kind=value count=1\u{301} type=x",
        "uid=\u{0661} kind=value count=1 type=x", "uid=\u{301}1 kind=value count=1 type=x",
    ])
    func nonsenseIsRefused(text: String) { #expect(CellRecord(parsing: text) == nil) }

    @Test func textThatIsTooLongIsRefused() {
        let long = Array(("uid=1 kind=value count=1 type=" + String(repeating: "x", count: 70_000)).utf8)
        #expect(CellRecord(parsing: long) == nil)
    }

    @Test func randomBytesNeverTrap() {
        let seed = UInt64.random(in: 0...(.max))
        print("record fuzz seed: \(seed)")
        var random = SeededRandom(seed: seed)
        for round in 0..<50_000 {
            var bytes = Array(Self.samples[round % Self.samples.count].utf8)
            for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[place] = .random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(.random(in: 0...255, using: &random), at: place)
                }
            }
            guard let record = CellRecord(parsing: bytes) else { continue }
            #expect(Array(record.encoded.utf8) == bytes, "seed \(seed)")
            #expect(record.count >= 1)
        }
    }
}

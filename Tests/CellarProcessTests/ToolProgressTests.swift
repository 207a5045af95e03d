import Testing

@testable import cellar_tool

extension ProcessTests {
    /// What a progress bar shows, at moments of the tests' choosing.
    @Suite struct ToolProgressTests {
        private static let half = ProgressLine(
            label: "import", done: 3 << 20, total: 6 << 20, elapsed: .seconds(2))

        @Test func linesSayBytesAndRateAndTimeLeft() {
            #expect(Self.half.text == "import   50 %  3.0 MiB of 6.0 MiB  1.5 MiB/s  2 s left")
            var last = Self.half
            (last.done, last.isFinished, last.elapsed) = (6 << 20, true, .seconds(65))
            #expect(last.text == "import  100 %  6.0 MiB of 6.0 MiB  94.5 KiB/s  in 1 min 5 s")
            let endless = ProgressLine(label: "copy", done: 700, total: nil, elapsed: .seconds(10))
            #expect(endless.text == "copy  700 B  70 B/s")
            #expect(ProgressLine(label: "none", total: 0).text == "none  100 %  0 B of 0 B")
        }

        @Test(arguments: 0...120) func barsHavePlace(width: Int) {
            let text = Self.half.text(width: width)
            #expect(TextWidth.of(text) <= width)
            #expect(text.contains("[") == (width >= 68))
            if width >= 100 { #expect(text.contains("[####################--------------------]")) }
        }

        @Test func unitsAreThoseOfPeople() {
            let sizes = [0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 234 << 20: "234 MiB"]
            for (count, text) in sizes { #expect(HumanUnits.bytes(count) == text) }
            #expect(HumanUnits.bytes((1 << 20) - 1) == "1.0 MiB")
            #expect(HumanUnits.bytes(.max) == "8.0 EiB")
            #expect(HumanUnits.duration(.seconds(59.9)) == "59 s")
            #expect(HumanUnits.duration(.seconds(7205)) == "2 h 0 min")
            #expect(HumanUnits.duration(.seconds(90_000)) == "1 d 1 h")
        }

        @Test func charactersHaveWidths() {
            #expect(TextWidth.of("robot") == 5)
            #expect(TextWidth.of("データ") == 6)
            #expect(TextWidth.of("e\u{301}") == 1)
            #expect(TextWidth.cut("データ", to: 4) == "デ…")
            #expect(TextWidth.fit("データ", to: 4) == "デ… ")
            #expect(TextWidth.fitRight("ab", to: 4) == "  ab")
            #expect(TextWidth.cut("robot", to: 0) == "")
        }
    }
}

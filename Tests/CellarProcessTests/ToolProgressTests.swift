import CellarTestSupport
import Glibc
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

        /// On a terminal one line, that is drawn again, as wide as there is place, and stays when the work is done.
        @Test func drawnOnATerminal() throws {
            unsafe setenv("TERM", "screen", 1)
            try withScratchStore { scratch in
                try TestTerminal.with(in: scratch.directory, columns: 90, rows: 8) { terminal in
                    let file = unsafe open(terminal.device, O_WRONLY | O_NOCTTY)
                    defer { close(file) }
                    var bar = ProgressBar(total: 1 << 30, label: "import\u{1B}[2J", on: file)
                    for (columns, hasBar) in [(90, true), (50, false)] {
                        terminal.resize(columns: columns, rows: 8)
                        try terminal.wait(for: "a bar of \(columns)") { lines in
                            bar.advance(by: 1 << 20)
                            let bars = lines.filter { $0.contains("import\\u{1b}[2J") }
                            return bars.count == 1 && bars[0].contains("[#") == hasBar && bars[0].count < columns
                        }
                    }
                    bar.advance(by: 1 << 30)
                    bar.finish()
                    try terminal.wait(for: "100 %")
                    #expect(terminal.lines.count { $0.contains("%") } == 1)
                }
            }
        }

        /// Into a pipe lines without escape sequences; nothing for work that is done at once, or quiet.
        @Test func writtenToAFile() throws {
            try withScratchStore { scratch in
                let path = scratch.directory + "/errors"
                let file = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
                defer { close(file) }
                let quick = ProgressBar(total: 10, label: "quick", on: file)
                quick.finish()
                var quiet = ProgressBar(total: 10, label: "quiet", isQuiet: true, on: file)
                var long = ProgressBar(total: 1 << 30, label: "long", on: file)
                while Files.text(path).isEmpty {
                    quiet.advance(by: 1)
                    long.advance(by: 1000)
                }
                quiet.finish()
                long.finish()
                let lines = Files.text(path).split(separator: "\n")
                #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("long  ") && !$0.contains("\u{1B}") })
            }
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

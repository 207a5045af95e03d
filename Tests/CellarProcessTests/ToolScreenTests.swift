import CellarTestSupport
import Testing

@testable import Cellar
@testable import cellar_tool

extension ProcessTests {
    /// What makes a screen of samples and keys: without a terminal and a store.
    @Suite struct ToolScreenTests {
        private static let second = UInt64(1_000_000_000)

        private static func sample(cells: Int = 3) -> Sample {
            var sample = Sample(time: 100 * second, path: "/a/path/to/データ.cellar")
            sample.cells = (0..<cells).map { (number: Int) -> Sample.CellRate in
                Sample.CellRate(
                    name: number == 1 ? "データ/\(number)" : "cell/\(number)", kind: "value", type: "int64",
                    bytes: 8 << number,
                    isInMemory: true, rate: Double(number), isAtLeast: number == 2, history: [0, Double(number)])
            }
            sample.queues = [
                Sample.QueueRate(
                    name: "jobs", capacity: 4, depth: QueueDepth(counting: []), putRate: 1500, outRate: 0.25,
                    oldestAge: .seconds(200), history: [1, 2, 3])
            ]
            sample.tables = [
                Sample.TableRate(
                    name: "few\u{1B}[2J", kind: "table", type: "int64: string", count: 2, bytes: 4096, growth: -1500,
                    history: [3, 2]),
                Sample.TableRate(
                    name: "many", kind: "multimap", type: "int64: string", count: 12345, bytes: 1 << 20, growth: 0.5,
                    history: [1, 2]),
            ]
            sample.processes = [
                AttachmentInfo(
                    slot: 0, id: 1, processID: 7, name: "evil\u{1B}[2J\nname", startedAt: 40 * second, isAlive: true)
            ]
            let party = LockInfo.Party(
                processName: "evil", processID: 7, isAlive: false, mode: .exclusive, duration: .milliseconds(2500))
            sample.locks = [LockInfo(name: "gate", kind: .mutex, holders: [party], waiters: [party, party])]
            return sample
        }

        private static func lines(
            _ sample: Sample, _ choices: TopChoices = TopChoices(), columns: Int = 130, rows: Int = 12
        ) -> [StyledLine] {
            var choices = choices
            let frame = TopFrame(sample, choices, Terminal.Size(columns: columns, rows: rows))
            frame.settle(&choices)
            return frame.lines(choices)
        }

        private static func pressed(_ keys: [Key]) -> TopChoices {
            var choices = TopChoices()
            for key in keys {
                let goesOn = choices.press(key)
                #expect(goesOn)
            }
            return choices
        }

        // MARK: Lines

        @Test func cellsByRate() {
            let lines = Self.lines(Self.sample()).map(\.text)
            #expect(lines.count == 12)
            #expect(lines[0].hasPrefix("/a/path/to/データ.cellar  3 cells  1 process  up 1 min 0 s"))
            #expect(lines[2].split(separator: " ") == ["NAME", "CHANGES/S", "KIND", "SIZE", "TREND", "TYPE"])
            #expect(lines[3].split(separator: " ") == ["cell/2", "≥", "2.0", "value", "32", "B", "▁█", "int64"])
            #expect(lines[4].split(separator: " ") == ["データ/1", "1.0", "value", "16", "B", "▁█", "int64"])
            #expect(lines[5].split(separator: " ") == ["cell/0", "0", "value", "8", "B", "▁▁", "int64"])
            #expect(lines[11].hasPrefix("q quit"))
        }

        /// Whatever is shown in whatever place: as many lines as there are, none longer, and nothing that commands a terminal.
        @Test(arguments: Panel.allCases) func everySize(panel: Panel) {
            let choices = Self.pressed([.character(Character("\(panel.rawValue + 1)"))])
            for columns in 1...140 {
                for rows in [1, 2, 3, 4, 5, 12, 60] {
                    let lines = Self.lines(Self.sample(cells: 20), choices, columns: columns, rows: rows)
                    #expect(lines.count == rows)
                    #expect(lines.allSatisfy { TextWidth.of($0.text) <= columns })
                    #expect(lines.allSatisfy { $0.text.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
                }
            }
        }

        /// Of a long path the end is shown, so that there is place for the figures.
        @Test func longPaths() {
            var sample = Self.sample()
            sample.path = String(repeating: "/long", count: 40) + "/データ"
            let heading = Self.lines(sample, Self.pressed([.character("p")]), columns: 70)[0].text
            #expect(heading.hasPrefix("…") && heading.contains("/long/データ  PAUSED  3 cells"))
            #expect(heading.hasSuffix("up 1 min 0 s"))
        }

        @Test func otherPanels() {
            func row(_ key: Character) -> [Substring] {
                Self.lines(Self.sample(), Self.pressed([.character(key)]))[3].text.split(separator: " ")
            }
            #expect(row("2").prefix(10) == ["jobs", "0", "0", "0", "0", "3", "min", "20", "s", "1,500"])
            #expect(row("3").prefix(7) == ["7", "evil\\u{1b}[2J", "name", "alive", "1", "min", "0"])
            #expect(row("4") == ["gate", "mutex", "2", "2.5", "s", "2.5", "s", "evil", "(7,", "dead)"])
            #expect(row("5") == ["memory", "cannot", "be", "read"])
            #expect(row("6").prefix(7) == ["many", "12,345", "1.0", "MiB", "+0.5", "multimap", "▅█"])
            let byName = Self.lines(Self.sample(), Self.pressed([.character("6"), .character("s")]))[3].text
            #expect(byName.split(separator: " ").prefix(5) == ["few\\u{1b}[2J", "2", "4.0", "KiB", "-1,500"])
        }

        @Test func problemsAreShown() {
            var sample = Self.sample()
            sample.problems = ["it is damaged\u{1B}[2J"]
            let lines = Self.lines(sample).map(\.text)
            #expect(lines[2] == "cannot be read: it is damaged\\u{1b}[2J")
            #expect(lines[3].hasPrefix("NAME") && lines.count == 12)
        }

        // MARK: Keys

        @Test func keysChoose() {
            #expect(Self.pressed([.tab, .tab]).panel == .processes)
            #expect(Self.pressed([.backTab]).panel == .tables)
            #expect(Self.pressed([.character("4"), .right, .right, .right]).panel == .cells)
            #expect(Self.pressed([.character("s"), .tab, .backTab]).sorting == 1)
            #expect(Self.pressed([.character("s"), .character("s"), .character("s")]).sorting == 0)
            #expect(Self.pressed([.character("+")]).interval == .seconds(2))
            #expect(Self.pressed([.character("-")]).interval == .milliseconds(500))
            #expect(Self.pressed(Array(repeating: .character("-"), count: 20)).interval == .milliseconds(100))
            #expect(Self.pressed([.character("p")]).isPaused)
            let typed = Self.pressed([.character("/"), .character("q"), .character("é"), .backspace, .enter])
            #expect(typed.filter == "q" && !typed.isTyping)
            #expect(Self.pressed([.character("/"), .character("q"), .escape]).filter.isEmpty)
            var choices = TopChoices()
            let goesOn = choices.press(.character("q"))
            #expect(!goesOn)
        }

        @Test func scrollingStaysWithin() {
            let sample = Self.sample(cells: 30)
            let cases: [(keys: [Key], first: Int)] = [
                ([.end], 22), ([.end, .up], 21), ([.end, .down, .pageDown], 22), ([.up], 0), ([.pageDown], 8),
                ([.down], 1), ([.pageDown, .home], 0),
            ]
            for (keys, first) in cases {
                var choices = Self.pressed([.character("s")])
                let frame = TopFrame(sample, choices, Terminal.Size(columns: 100, rows: 12))
                frame.settle(&choices)
                for key in keys { _ = choices.press(key) }
                #expect(choices.scroll == first)
                #expect(choices.page == 8)
                #expect(frame.lines(choices)[3].text.hasPrefix(first == 1 ? "データ/1 " : "cell/\(first) "))
            }
        }

        @Test func bytesBecomeKeys() {
            var parser = KeyParser()
            func keys(_ bytes: [UInt8]) -> [Key] { parser.keys(bytes) }
            #expect(
                keys(Array("q\t\r\u{7F}é".utf8)) == [.character("q"), .tab, .enter, .backspace, .character("é")])
            #expect(keys(Array("\u{1B}[A\u{1B}OB\u{1B}[5~\u{1B}[Z".utf8)) == [.up, .down, .pageUp, .backTab])
            #expect(keys(Array("\u{1B}[1;5Ax".utf8)) == [.character("x")], "one that is not known is left out")
            // In pieces: the rest comes, or does not.
            #expect(keys([0x1B]) == [])
            #expect(keys(Array("[B".utf8)) == [.down])
            #expect(keys([0x1B]) == [])
            #expect(keys([]) == [.escape])
            #expect(keys([0xC3]) == [])
            #expect(keys([0xA9]) == [.character("é")])
            #expect(keys([0xFF, 0xC3]) == [])
            #expect(keys([]) == [])
            #expect(keys(Array("j".utf8)) == [.character("j")])
            #expect(keys(Array("\u{1B}q".utf8)) == [.escape, .character("q")])
        }

        // MARK: What is written

        @Test func onlyWhatIsOther() {
            let size = Terminal.Size(columns: 10, rows: 3)
            var screen = Screen(inColour: true)
            func frame(_ lines: [StyledLine]) -> String { screen.frame(lines, size) }
            let (one, two) = (StyledLine("one", .good), StyledLine("two"))
            #expect(
                frame([one, two])
                    == "\u{1B}[0m\u{1B}[2J\u{1B}[1;1H\u{1B}[2K\u{1B}[32mone\u{1B}[0m\u{1B}[2;1H\u{1B}[2Ktwo")
            #expect(frame([one, two]) == "")
            #expect(frame([one]) == "\u{1B}[2;1H\u{1B}[2K")
            #expect(frame([one, StyledLine(), two, two]) == "\u{1B}[3;1H\u{1B}[2Ktwo")
            screen.forget()
            #expect(frame([two]).hasPrefix("\u{1B}[0m\u{1B}[2J"))
            var plain = Screen(inColour: false)
            let colourless = plain.frame([one], size)
            #expect(colourless.hasSuffix("\u{1B}[2Kone"))
        }

        @Test func sparkLines() {
            #expect(SparkLine.text([0, 1, 2, 4, 8], width: 7) == "  ▁▂▃▅█")
            #expect(SparkLine.text([9, 0, 0], width: 2) == "▁▁")
            #expect(SparkLine.text([1_000_000, 1], width: 2) == "█▂")
            #expect(SparkLine.text([], width: 2) == "  ")
        }
    }
}

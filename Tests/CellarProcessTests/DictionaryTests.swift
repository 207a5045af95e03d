import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Dictionaries that several processes work on.
    @Suite struct Dictionaries {
        private static let words = "/usr/share/dict/american-english-huge"

        @Test func noAdditionIsLost() throws {
            try withScratchStore(seconds: 120) { scratch in
                var random = SeededRandom(for: "adding to keys")
                let sums = try scratch.open().dictionary("sums", keys: Int.self, values: Int.self)
                let workers = try (0..<4).map { _ in
                    try scratch.worker("add-to-keys", "sums", 200, 500, random.next() >> 2)
                }
                for worker in workers { try worker.expect("ready") }
                for worker in workers { worker.send() }
                for worker in workers { try worker.expect("done", seconds: 100) }
                #expect(try sums.count == 200)
                for key in 0..<200 { #expect(try sums[key] == 2000) }
                #expect(try Store.check(scratch.path).findings.filter { $0.kind == .damaged } == [])
            }
        }

        /// While others set and remove blocks, and the dictionary grows and shrinks with them, whoever reads sees whole ones,
        /// and sees those that stay once each time.
        @Test func readersSeeWholeValuesAndEachThatStays() throws {
            try withScratchStore(seconds: 120) { scratch in
                var random = SeededRandom(for: "reading while others write")
                let blocks = try scratch.open().dictionary("blocks", keys: Int.self, values: Checksummed.self)
                let staying = 0..<100
                for key in staying { try blocks.set(Checksummed(number: UInt64(key)), for: key) }
                let workers = try (0..<2).map {
                    try scratch.worker("set-and-remove-blocks", "blocks", 1000 + $0 * 2000, 3000, random.next() >> 2)
                }
                for worker in workers { try worker.expect("ready") }
                for worker in workers { worker.send() }
                var looks = 0
                while try looks < 200 || blocks.count < 2000 {
                    try look(blocks, staying)
                    for _ in 0..<200 {
                        let key = Int.random(in: 0..<6000, using: &random)
                        if let seen = try blocks[key] { #expect(seen.isWhole, "key \(key) is torn") }
                    }
                    looks += 1
                }
                for worker in workers { worker.send() }
                for worker in workers { try worker.expect("done") }
                try look(blocks, staying)
                #expect(try blocks.keys().count == blocks.count)
                #expect(try Store.check(scratch.path).findings.filter { $0.kind == .damaged } == [])
            }
        }

        private func look(_ blocks: SharedDictionary<Int, Checksummed>, _ staying: Range<Int>) throws {
            var seen = [Int](repeating: 0, count: staying.count)
            var torn = 0
            try blocks.forEach { (key, block) throws(StoreError) in
                if !block.isWhole { torn += 1 }
                if staying.contains(key) { seen[key] += 1 }
                return true
            }
            #expect(torn == 0)
            #expect(seen == [Int](repeating: 1, count: staying.count))
        }

        /// Writers are killed at random moments, and the memory is dropped now and then: what a writer said it had set is
        /// there, or something it set there later.
        @Test func whatWasSetStaysWhoeverDies() throws {
            try withScratchStore(seconds: 300) { scratch in
                var random = SeededRandom(for: "killing those who set entries")
                var store = try scratch.open { $0.lockTimeout = .seconds(10) }
                _ = try store.dictionary("d", keys: String.self, values: Checksummed.self)
                // The last number that each said, and so the last that each of its keys must have.
                var last = [0, 0]
                var workers = try (0..<2).map { try start(scratch, $0, &last) }
                for round in 0..<100 {
                    let victim = Int.random(in: 0..<2, using: &random)
                    usleep(UInt32.random(in: 0..<8_000, using: &random))
                    #expect(workers[victim].kill() == .signal(SIGKILL))
                    try note(workers[victim], victim, &last)
                    try check(store, victim, last[victim])
                    // Who is not read from cannot go on for long.
                    try note(workers[1 - victim], 1 - victim, &last)
                    if round % 20 == 19 {
                        workers[1 - victim].kill()
                        try note(workers[1 - victim], 1 - victim, &last)
                        try check(store, 1 - victim, last[1 - victim])
                        try store.sync()
                        scratch.closeAll()
                        try Store.discardSegment(of: scratch.path)
                        store = try scratch.open { $0.lockTimeout = .seconds(10) }
                        for number in 0..<2 { try check(store, number, last[number]) }
                        #expect(try Store.check(scratch.path).findings.filter { $0.kind == .damaged } == [])
                        workers[1 - victim] = try start(scratch, 1 - victim, &last)
                    }
                    workers[victim] = try start(scratch, victim, &last)
                }
                scratch.endWorkers()
                let dictionary = try store.dictionary("d", keys: String.self, values: Checksummed.self)
                #expect(try dictionary.keys().count == dictionary.count)
                #expect(last.allSatisfy { $0 > 1000 })
                #expect(try Store.check(scratch.path).findings.filter { $0.kind == .damaged } == [])
            }
        }

        private func start(_ scratch: ScratchStore, _ number: Int, _ last: inout [Int]) throws -> Worker {
            let worker = try scratch.worker("set-numbered", "d", number * 1000, last[number] + 1)
            try worker.expect("ready")
            return worker
        }

        /// What a dead one said before.
        private func note(_ worker: Worker, _ number: Int, _ last: inout [Int]) throws {
            for line in worker.linesSoFar() {
                let said = try #require(Int(line), "a worker said '\(line)'")
                last[number] = max(last[number], said)
            }
        }

        /// Each of the last 40 numbers is where it was put; under the key of the next one may be that one already.
        private func check(_ store: Store, _ worker: Int, _ last: Int) throws {
            let dictionary = try store.dictionary("d", keys: String.self, values: Checksummed.self)
            for number in max(last - 39, 1)..<max(last + 1, 1) {
                let seen = try #require(
                    try dictionary["key \(worker * 1000 + number % 40)"], "what was \(number) of \(last) is gone")
                #expect(seen.isWhole)
                let isNext = number == last - 39 && seen.number == UInt64(last + 1)
                #expect(seen.number == UInt64(number) || isNext, "it is \(seen.number) and not \(number) of \(last)")
            }
        }

        /// Debian's longest list of words, put in by four processes at once, is what coreutils and LMDB's tools make of it.
        @Test(.enabled(if: Files.exists(words), "needs Debian's wamerican-huge: tools/test installs it"))
        func aListOfWords() throws {
            try withScratchStore(seconds: 200) { scratch in
                let words = try scratch.open().dictionary("words", keys: String.self, values: Int.self)
                let workers = try (0..<4).map { try scratch.worker("load-dictionary", "words", Self.words, $0, 4) }
                for worker in workers { try worker.expect("ready", seconds: 60) }
                for worker in workers { worker.send() }
                for worker in workers { try worker.expect("done", seconds: 150) }
                scratch.endWorkers()
                let list = Set(shell("LC_ALL=C sort -u \(Self.words)").output.split(separator: "\n").map(String.init))
                let count = number("LC_ALL=C sort -u \(Self.words) | wc -l")
                #expect(try words.count == count)
                var random = SeededRandom(for: "words to look for")
                for _ in 0..<1000 {
                    let word = try #require(list.randomElement(using: &random))
                    #expect(try words[word] == word.utf8.count)
                    #expect(try words["no \(word)"] == nil)
                }
                let store = try scratch.reboot()
                let loaded = try store.dictionary("words", keys: String.self, values: Int.self)
                #expect(try loaded.count == count)
                var seen: Set<String> = []
                var wrong = 0
                try loaded.forEach { (word, length) throws(StoreError) in
                    if !seen.insert(word).inserted || length != word.utf8.count { wrong += 1 }
                    return true
                }
                #expect(wrong == 0)
                #expect(seen == list)
                #expect(number("mdb_stat -s entries '\(scratch.path)' | sed -n 's/.*Entries: //p'") == count)
                #expect(try Store.check(scratch.path).findings == [])
            }
        }

        private func number(_ command: String) -> Int? { Int(shell(command).output.filter { !$0.isWhitespace }) }
    }
}

#if CrashPoints
    import CellarTestSupport
    import Dispatch
    import Glibc
    import Synchronization
    import Testing

    /// Kills a process at every step of every write path, and those who mend it at every step of theirs; stops one at
    /// every step while others work.
    struct CrashPointTests {
        /// All points that the library has, by the texts of its sources.
        private static func points(_ test: String = #filePath) -> [String] {
            let root = test.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
            let sources = Files.tree(root + "/Sources/Cellar").filter { $0.hasSuffix(".swift") }
            return sources.flatMap { path in
                Files.text(path).split(separator: "\n").compactMap { line in
                    guard let start = line.firstRange(of: "crashPoint(\"")?.upperBound else { return nil }
                    return line[start...].firstIndex(of: "\"").map { String(line[start..<$0]) }
                }
            }
        }

        @Test func pointsHaveNamesOfTheirOwn() {
            let points = Self.points()
            #expect(points.count > 100)
            let twice = Dictionary(grouping: points) { $0 }.filter { $0.value.count > 1 }.keys
            #expect(twice.isEmpty)
        }

        @Test func everyStepCanBeTheLast() {
            let survey = CrashSurvey()
            survey.forEach(CrashScenario.chosen) { try survey.kill(in: $0) }
            survey.report("crash points", of: Set(Self.points()))
        }

        @Test func everyStepCanTakeLong() {
            let survey = CrashSurvey()
            survey.forEach(CrashScenario.chosen) { try survey.stop(in: $0) }
            survey.report("stop points")
        }
    }

    /// Runs the cases of scenarios and keeps count.
    final class CrashSurvey: Sendable {
        private struct Counts {
            var passed: Set<String> = []
            var cases = 0
            var nested = 0
            var failures: [String] = []
        }
        private let counts = Mutex(Counts())

        /// Two scenarios at a time.
        func forEach(_ scenarios: [CrashScenario], _ body: @Sendable (CrashScenario) throws -> Void) {
            let next = Mutex(0)
            DispatchQueue.concurrentPerform(iterations: 2) { _ in
                while true {
                    let index = next.withLock { index in
                        index += 1
                        return index - 1
                    }
                    guard index < scenarios.count else { return }
                    do { try body(scenarios[index]) } catch { fail("\(scenarios[index].name): \(error)") }
                }
            }
        }

        func report(_ what: String, of points: Set<String>? = nil) {
            let counts = counts.withLock { $0 }
            let total = points?.count ?? counts.passed.count
            print(
                "\(what): enumerated=\(total) passed=\(counts.passed.count) cases=\(counts.cases) nested=\(counts.nested) "
                    + "failures=\(counts.failures.count)")
            #expect(counts.failures == [])
            #expect(counts.cases > 100)
            if let points { #expect(points.subtracting(counts.passed) == [], "points that no scenario comes to") }
        }

        private func fail(_ text: String) { counts.withLock { $0.failures.append(text) } }

        // MARK: Killing

        /// Kills at the first and the last visit of each step that the operation comes to.
        func kill(in scenario: CrashScenario) throws {
            let (operation, calm) = try withScratchStore { scratch in
                try scenario.prepare(scratch.path)
                return (try record("crash", scenario, scratch), try record("examine", scenario, scratch))
            }
            var known: Set<String> = []
            for (point, count) in operation.sorted(by: { $0.key < $1.key }) {
                for visit in Set([1, count]) { kill(scenario, point, visit, calm, &known) }
            }
        }

        private func kill(
            _ scenario: CrashScenario, _ point: String, _ visit: Int, _ calm: [String: Int], _ known: inout Set<String>
        ) {
            attempt("\(scenario.name), killed at '\(point)' (\(visit))") { scratch in
                try scenario.prepare(scratch.path)
                let isKilled = try die("crash", scenario, point, visit, scratch)
                let examined = try record("examine", scenario, scratch)
                if isKilled { pass(point) }
                for (step, count) in examined where count > calm[step, default: 0] && known.insert(step).inserted {
                    killTwiceMore(scenario, point, visit, step)
                }
            }
        }

        /// Kills those who come after the first at a step of their mending, twice in a row.
        private func killTwiceMore(_ scenario: CrashScenario, _ point: String, _ visit: Int, _ step: String) {
            attempt("\(scenario.name), killed at '\(point)' (\(visit)), then twice at '\(step)'", isNested: true) {
                scratch in
                try scenario.prepare(scratch.path)
                _ = try die("crash", scenario, point, visit, scratch)
                let isKilled = try die("examine", scenario, step, 1, scratch)
                _ = try die("examine", scenario, step, 1, scratch)
                _ = try record("examine", scenario, scratch)
                if isKilled { pass(step) }
            }
        }

        // MARK: Stopping

        /// Stops at each step that no scenario before came to, while another process works; then it goes on.
        func stop(in scenario: CrashScenario) throws {
            let visits = try withScratchStore { scratch in
                try scenario.prepare(scratch.path)
                return try record("crash", scenario, scratch)
            }
            for point in visits.keys.sorted() where isNew(point) { stop(scenario, point) }
        }

        private func stop(_ scenario: CrashScenario, _ point: String) {
            attempt("\(scenario.name), stopped at '\(point)'") { scratch in
                try scenario.prepare(scratch.path)
                let worker = try scratch.worker("crash", scenario.name, point, 1, "stop")
                guard worker.waitForStop() else { return }
                try Bystanders.tryBeside(scenario, scratch.path)
                worker.signal(SIGCONT)
                while try worker.line() != "done" {}
                guard try worker.wait() == .exit(0) else { throw CrashScenario.Wrong("it did not end well") }
                let state = try scenario.state(scratch.path)
                if state != scenario.done { throw CrashScenario.Wrong("its state is \(state) after it went on") }
            }
        }

        // MARK: Parts

        private func isNew(_ point: String) -> Bool { counts.withLock { $0.passed.insert(point).inserted } }
        private func pass(_ point: String) { counts.withLock { _ = $0.passed.insert(point) } }

        private func attempt(_ what: String, isNested: Bool = false, _ body: (ScratchStore) throws -> Void) {
            counts.withLock { counts in
                counts.cases += 1
                if isNested { counts.nested += 1 }
            }
            do { try withScratchStore(function: what, body) } catch { fail("\(what): \(error)") }
        }

        /// Runs a command that is to end at a point; returns whether it came there.
        private func die(
            _ command: String, _ scenario: CrashScenario, _ point: String, _ visit: Int, _ scratch: ScratchStore
        ) throws -> Bool {
            let worker = try scratch.worker(command, scenario.name, point, visit, "kill")
            let ending = try worker.wait()
            if ending == .signal(SIGKILL) { return true }
            guard ending == .exit(0) else {
                throw CrashScenario.Wrong("\(command): \(ending): \(worker.linesSoFar().joined(separator: "; "))")
            }
            return false
        }

        /// Runs a command whole; returns how often it came to which points.
        private func record(_ command: String, _ scenario: CrashScenario, _ scratch: ScratchStore) throws -> [String:
            Int]
        {
            let worker = try scratch.worker(command, scenario.name, "-")
            var visits: [String: Int] = [:]
            while true {
                let line = try worker.line()
                if line == "done" { break }
                if line.hasPrefix("error") { throw CrashScenario.Wrong("\(command): \(line)") }
                if let space = line.firstIndex(of: " "), let count = Int(line[..<space]) {
                    visits[String(line[line.index(after: space)...])] = count
                }
            }
            guard try worker.wait() == .exit(0) else { throw CrashScenario.Wrong("\(command) did not end well") }
            return visits
        }
    }
#endif
